// Files: whole reads, memory maps, and writes that appear whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace spencer {

/// Reads a whole file. @throws Error{not_found} if it is not there, Error{io} otherwise.
std::string read_file(const std::filesystem::path& path);

/// Writes `bytes` beside `path`, flushes them to disk, and renames over `path`: a reader sees the
/// old content or the new, whatever happens in between. @throws Error{io}
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Flushes a file's, or a folder's, content to disk. @throws Error{io}
void sync_to_disk(const std::filesystem::path& path);

/// Puts folder `fresh` in the place of `target`, which may exist: a reader sees the old folder or
/// the new one. Both lie in one folder. @throws Error{io}
void replace_folder(const std::filesystem::path& fresh, const std::filesystem::path& target);

/// A read-only memory map of a whole file; pages are read when touched. Movable, not copyable.
/// The file must not be truncated while mapped.
class MappedFile {
 public:
  MappedFile() = default;
  /// @throws Error{not_found, io}
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// An exclusive lock, held by a process for as long as the object lives; the kernel releases it
/// when the process ends, however it ends.
class FileLock {
 public:
  /// Creates `path` if need be and takes the lock. @throws Error{io}; Error{invalid_argument} with
  /// `busy_message` if another process holds it.
  FileLock(const std::filesystem::path& path, const std::string& busy_message);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace spencer
