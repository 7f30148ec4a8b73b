// Exits: the layers after which an encoder may stop, and the file of their heads. Free of torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace spencer {

/// The heads' file in a model folder; `model.safetensors` stays as transformers knows it.
inline constexpr const char* kExitHeadsFile = "exits.safetensors";

/// What is wrong with these exits of an encoder of so many layers: they ascend, from 1 to `layers`,
/// and there is one at least. Empty = nothing.
std::string fault_of_exits(std::span<const int> exits, std::int64_t layers);

/// "2, 4, 6"
std::string list_exits(std::span<const int> exits);

/// The exits that have heads, and the width of what the heads give.
struct ExitHeadsHeader {
  std::vector<int> exits;
  std::int64_t dimension = 0;
};

/// Reads names and shapes of `exits.N.weight` [dimension, H], not the numbers.
/// @throws Error{not_found, corrupt, io}
ExitHeadsHeader read_exit_heads_header(const std::filesystem::path& file);

}  // namespace spencer
