// A file being written: buffered appends, and errors that name the file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace spencer {

/// Owns a descriptor. What was appended and not flushed is lost if the object goes first.
class OutputFile {
 public:
  enum class Mode { replace, extend };
  /// @param buffer_bytes appends are gathered up to this size; 0 = each goes to the kernel at once,
  ///        so that it outlives a killed process
  /// @throws Error{io}
  OutputFile(std::filesystem::path path, Mode mode, std::size_t buffer_bytes);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void append(std::span<const std::byte> bytes);
  void flush();
  /// Overwrites bytes that were flushed before.
  void write_at(std::size_t offset, std::span<const std::byte> bytes);
  /// Reads bytes that were flushed before. @throws Error{io} where the file is too short
  void read_at(std::size_t offset, std::span<std::byte> out) const;
  void truncate(std::size_t size);
  /// Flushes to the disk itself.
  void sync();

 private:
  void write_all(std::span<const std::byte> bytes);

  std::filesystem::path path_;
  std::size_t capacity_;
  std::string buffer_;
  int descriptor_ = -1;
};

}  // namespace spencer
