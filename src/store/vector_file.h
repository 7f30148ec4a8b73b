// vectors.f32: rows of float32 behind a one-page header, searched where they lie in the map.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "spencer/base/file.h"

#include "store/output_file.h"

namespace spencer {

/// Reads the file through a memory map; opening costs the same whatever its size.
class VectorFile {
 public:
  VectorFile() = default;
  /// Checks header and size. @throws Error{corrupt, not_found, io, unsupported_version}
  explicit VectorFile(const std::filesystem::path& path);

  std::int64_t rows() const { return rows_; }
  std::int64_t dimension() const { return dimension_; }
  std::size_t bytes() const { return map_.size(); }
  const float* data() const { return data_; }
  std::span<const float> row(std::int64_t index) const {
    return {data_ + index * dimension_, static_cast<std::size_t>(dimension_)};
  }
  /// The checksum that the header states for the rows, 16 hexadecimal digits.
  std::string stated_checksum() const;
  /// Reads every row. @throws Error{corrupt} if they do not give the stated checksum
  void verify() const;

 private:
  std::filesystem::path path_;
  MappedFile map_;
  std::int64_t rows_ = 0;
  std::int64_t dimension_ = 0;
  std::uint64_t checksum_ = 0;
  const float* data_ = nullptr;
};

/// Writes the rows first and the header last, so that an unfinished file is not taken for a whole
/// one.
class VectorFileWriter {
 public:
  VectorFileWriter(const std::filesystem::path& path, std::int64_t dimension);
  void append(std::span<const float> rows);
  std::int64_t rows() const { return rows_; }
  /// Writes the header and flushes all to disk.
  void finish();

 private:
  OutputFile file_;
  std::int64_t dimension_;
  std::int64_t rows_ = 0;
};

}  // namespace spencer
