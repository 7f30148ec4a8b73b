// The header of a safetensors file, read and checked without torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace spencer {

/// Where a tensor's bytes lie and what they are.
struct SafetensorsEntry {
  std::string dtype;  ///< as in the file: "F32", "BF16", ...
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;  ///< of the first byte, from the start of the file
  std::uint64_t bytes = 0;
};

/// Reads and checks the header of a whole file's bytes: sizes, types, shapes and offsets must fit
/// each other and the file, without gap or overlap, and no name may stand twice.
/// @param path named in errors only
/// @throws Error{corrupt} saying what does not fit
std::map<std::string, SafetensorsEntry> read_safetensors_header(std::span<const std::byte> file,
                                                                const std::filesystem::path& path);

/// Bytes of one element, or 0 for a type that is not known.
std::size_t safetensors_item_size(const std::string& dtype);

/// The weight files of a model folder: `model.safetensors`, or the shards its index names.
/// @throws Error{not_found} naming what is missing and, where only `pytorch_model.bin` is there,
/// how
///         to convert it; Error{corrupt} for a damaged index
std::vector<std::filesystem::path> weight_files(const std::filesystem::path& model_folder);

}  // namespace spencer
