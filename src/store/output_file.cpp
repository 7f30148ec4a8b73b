#include "store/output_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

[[noreturn]] void throw_errno(const char* action, const std::filesystem::path& path) {
  throw Error(ErrorKind::io,
              std::string("cannot ") + action + " " + path.string() + ": " + std::strerror(errno));
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, Mode mode, std::size_t buffer_bytes)
    : path_(std::move(path)), capacity_(buffer_bytes) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | (mode == Mode::replace ? O_TRUNC : 0);
  descriptor_ = ::open(path_.c_str(), flags, 0644);
  if (descriptor_ < 0) throw_errno("create", path_);
  if (mode == Mode::extend && ::lseek(descriptor_, 0, SEEK_END) < 0) {
    const int code = errno;
    ::close(descriptor_);
    errno = code;
    throw_errno("extend", path_);
  }
}

OutputFile::~OutputFile() { ::close(descriptor_); }

void OutputFile::write_all(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path_);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::append(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > capacity_) flush();
  if (bytes.size() > capacity_) {
    write_all(bytes);
  } else {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
}

void OutputFile::flush() {
  write_all(std::as_bytes(std::span(buffer_)));
  buffer_.clear();
}

void OutputFile::write_at(std::size_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path_);
    }
    offset += static_cast<std::size_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::read_at(std::size_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      throw_errno("read", path_);
    }
    if (got == 0) throw Error(ErrorKind::io, path_.string() + " became shorter while in use");
    offset += static_cast<std::size_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

void OutputFile::truncate(std::size_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0 ||
      ::lseek(descriptor_, 0, SEEK_END) < 0) {
    throw_errno("shorten", path_);
  }
}

void OutputFile::sync() {
  if (::fsync(descriptor_) != 0) throw_errno("flush", path_);
}

}  // namespace spencer
