#include "spencer/base/file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spencer/base/error.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void throw_errno(const std::string& action, const fs::path& path) {
  const int code = errno;
  const auto kind = code == ENOENT ? ErrorKind::not_found : ErrorKind::io;
  throw Error(kind, "cannot " + action + " " + path.string() + ": " + std::strerror(code));
}

/// An open file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, mode_t mode = 0)
      : value_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

struct stat status_of(const Descriptor& file, const fs::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("read", path);
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    throw_errno("read", path);
  }
  return status;
}

void write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) throw_errno("open", path);
  std::string content(static_cast<std::size_t>(status_of(file, path).st_size), '\0');
  std::size_t used = 0;
  while (true) {
    if (used == content.size()) content.resize(content.size() + 4096);
    const ssize_t got = ::read(file.get(), content.data() + used, content.size() - used);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw_errno("read", path);
    }
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  content.resize(used);
  return content;
}

void sync_to_disk(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) throw_errno("open", path);
  if (::fsync(file.get()) != 0) throw_errno("flush", path);
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  fs::path temporary = path;
  temporary += ".tmp" + std::to_string(::getpid());
  try {
    const Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file.get() < 0) throw_errno("create", temporary);
    write_all(file.get(), bytes, temporary);
    if (::fsync(file.get()) != 0) throw_errno("flush", temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno("replace", path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_to_disk(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void replace_folder(const fs::path& fresh, const fs::path& target) {
  if (::rename(fresh.c_str(), target.c_str()) != 0) {
    // Something is there: the two change places, and the old one goes.
    if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) != 0) {
      throw_errno("replace", target);
    }
    fs::remove_all(fresh);
  }
  sync_to_disk(target.has_parent_path() ? target.parent_path() : fs::path("."));
}

MappedFile::MappedFile(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) throw_errno("open", path);
  size_ = static_cast<std::size_t>(status_of(file, path).st_size);
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) throw_errno("map", path);
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

FileLock::FileLock(const fs::path& path, const std::string& busy_message) {
  Descriptor file(path, O_RDWR | O_CREAT, 0644);
  if (file.get() < 0) throw_errno("open", path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) throw Error(ErrorKind::invalid_argument, busy_message);
    throw_errno("lock", path);
  }
  descriptor_ = file.release();
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace spencer
