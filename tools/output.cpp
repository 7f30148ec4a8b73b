#include "output.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <unistd.h>

#include "spencer/base/error.h"

namespace spencer {

DescriptorBuffer::DescriptorBuffer(int descriptor) : descriptor_(descriptor), buffer_(1 << 16) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

void DescriptorBuffer::drain() {
  const char* from = pbase();
  while (from < pptr() && error_ == 0) {
    const ssize_t written = ::write(descriptor_, from, static_cast<std::size_t>(pptr() - from));
    if (written >= 0) {
      from += written;
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type c) {
  drain();
  if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
  return traits_type::not_eof(c);
}

int DescriptorBuffer::sync() {
  drain();
  return 0;
}

void finish_output(std::ostream& out, const DescriptorBuffer& buffer) {
  out.flush();
  if (buffer.error() == 0 || buffer.error() == EPIPE) return;
  throw Error(ErrorKind::io,
              std::string("cannot write the output: ") + std::strerror(buffer.error()));
}

}  // namespace spencer
