#include "dataset/text_source.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "spencer/base/error.h"

namespace spencer {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

TextSource::TextSource(std::filesystem::path path) : path_(std::move(path)) {
  if (std::filesystem::is_directory(path_)) {
    throw Error(ErrorKind::io, path_.string() + " is a folder, not a file");
  }
  errno = 0;
  file_ = gzopen(path_.c_str(), "rb");
  if (file_ == nullptr) {
    const auto kind = errno == ENOENT ? ErrorKind::not_found : ErrorKind::io;
    throw Error(kind, "cannot open " + path_.string() + ": " + std::strerror(errno));
  }
  gzbuffer(file_, 1 << 17);
  buffer_.resize(kBufferBytes);
}

TextSource::~TextSource() { gzclose(file_); }

bool TextSource::fill() {
  const int got = gzread(file_, buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  const char* message = gzerror(file_, &code);
  if (got < 0 || code == Z_BUF_ERROR) {
    throw Error(
        ErrorKind::corrupt,
        path_.string() + ": damaged after line " + std::to_string(line_number_) +
            (code == Z_BUF_ERROR ? ": the file is cut short" : std::string(": ") + message));
  }
  begin_ = 0;
  end_ = static_cast<std::size_t>(got);
  return got > 0;
}

bool TextSource::next_line(std::string_view& line) {
  joined_.clear();
  bool any = false;
  while (true) {
    if (begin_ == end_ && !fill()) {
      if (!any) return false;
      line = joined_;
      break;
    }
    any = true;
    const char* start = buffer_.data() + begin_;
    const auto* stop = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_));
    const std::size_t length =
        stop == nullptr ? end_ - begin_ : static_cast<std::size_t>(stop - start);
    begin_ += length + (stop == nullptr ? 0 : 1);
    if (stop != nullptr && joined_.empty()) {
      line = {start, length};
      break;
    }
    joined_.append(start, length);
    if (stop != nullptr) {
      line = joined_;
      break;
    }
  }
  ++line_number_;
  if (line_number_ == 1 && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

}  // namespace spencer
