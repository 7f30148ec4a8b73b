#include "store/vector_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "spencer/base/error.h"
#include "spencer/base/hash.h"

#include "store/generation.h"

namespace spencer {
namespace {

static_assert(std::endian::native == std::endian::little, "the index files are little-endian");

constexpr std::array<char, 8> kVectorMagic = {'S', 'P', 'V', 'E', 'C', '\r', '\n', '\x1a'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kDataOffset = 4096;  // a page, so that rows are aligned in the map
constexpr std::uint32_t kLargestDimension = 1 << 16;

struct VectorHeader {
  std::array<char, 8> magic = kVectorMagic;
  std::uint32_t version = kVersion;
  std::uint32_t dimension = 0;
  std::uint64_t rows = 0;
  std::uint64_t data_offset = kDataOffset;
  std::uint64_t data_checksum = 0;
  std::uint64_t header_checksum = 0;  // of the bytes before it
};
static_assert(sizeof(VectorHeader) == 48);

std::uint64_t own_checksum(const VectorHeader& header) {
  return hash64({reinterpret_cast<const char*>(&header), offsetof(VectorHeader, header_checksum)});
}

std::uint64_t rows_checksum(const MappedFile& map) {
  return hash64(
      {reinterpret_cast<const char*>(map.data()) + kDataOffset, map.size() - kDataOffset});
}

}  // namespace

VectorFile::VectorFile(const std::filesystem::path& path) : path_(path), map_(path) {
  VectorHeader header;
  if (map_.size() < kDataOffset) throw_corrupt(path, "it is shorter than its header");
  std::memcpy(&header, map_.data(), sizeof header);
  if (header.magic != kVectorMagic) throw_corrupt(path, "it is not a file of vectors");
  if (header.header_checksum != own_checksum(header)) throw_corrupt(path, "its header is damaged");
  if (header.version != kVersion) {
    throw Error(ErrorKind::unsupported_version,
                path.string() + " has version " + std::to_string(header.version) +
                    "; this spencer reads version " + std::to_string(kVersion) +
                    ". Build the index again with `spencer index --rebuild`");
  }
  std::uint64_t expected = 0;
  if (header.dimension == 0 || header.dimension > kLargestDimension ||
      header.data_offset != kDataOffset ||
      __builtin_mul_overflow(header.rows, std::uint64_t{header.dimension} * sizeof(float),
                             &expected) ||
      map_.size() - kDataOffset != expected) {
    throw_corrupt(path, "it has " + std::to_string(map_.size()) + " bytes where " +
                            std::to_string(header.rows) + " rows of " +
                            std::to_string(header.dimension) + " numbers should be");
  }
  rows_ = static_cast<std::int64_t>(header.rows);
  dimension_ = header.dimension;
  checksum_ = header.data_checksum;
  data_ = reinterpret_cast<const float*>(map_.data() + kDataOffset);
}

std::string VectorFile::stated_checksum() const { return hex_checksum(checksum_); }

void VectorFile::verify() const {
  if (rows_checksum(map_) != checksum_) throw_corrupt(path_, "its checksum does not fit");
}

VectorFileWriter::VectorFileWriter(const std::filesystem::path& path, std::int64_t dimension)
    : file_(path, OutputFile::Mode::replace, 1 << 20), dimension_(dimension) {
  if (dimension < 1 || dimension > kLargestDimension) {
    throw Error(ErrorKind::invalid_argument, "vectors of " + std::to_string(dimension) +
                                                 " numbers cannot be stored; 1 to " +
                                                 std::to_string(kLargestDimension) + " can");
  }
  const std::vector<std::byte> no_header(kDataOffset);
  file_.append(no_header);
}

void VectorFileWriter::append(std::span<const float> rows) {
  file_.append(std::as_bytes(rows));
  rows_ += static_cast<std::int64_t>(rows.size()) / dimension_;
}

void VectorFileWriter::finish() {
  file_.flush();
  VectorHeader header;
  header.dimension = static_cast<std::uint32_t>(dimension_);
  header.rows = static_cast<std::uint64_t>(rows_);
  header.data_checksum = rows_checksum(MappedFile(file_.path()));
  header.header_checksum = own_checksum(header);
  file_.write_at(0, std::as_bytes(std::span(&header, 1)));
  file_.sync();
}

}  // namespace spencer
