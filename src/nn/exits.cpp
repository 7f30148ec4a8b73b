#include "spencer/nn/exits.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/nn/safetensors_header.h"

namespace spencer {
namespace {

/// N of "exits.N.weight".
std::optional<int> exit_of(std::string_view name) {
  constexpr std::string_view before = "exits.", after = ".weight";
  if (!name.starts_with(before) || !name.ends_with(after)) return std::nullopt;
  name.remove_prefix(before.size());
  if (name.size() <= after.size()) return std::nullopt;
  name.remove_suffix(after.size());
  int exit = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), exit);
  if (error != std::errc() || stop != name.data() + name.size()) return std::nullopt;
  return exit;
}

}  // namespace

std::string list_exits(std::span<const int> exits) {
  std::string list;
  for (const int exit : exits) list += (list.empty() ? "" : ", ") + std::to_string(exit);
  return list;
}

std::string fault_of_exits(std::span<const int> exits, std::int64_t layers) {
  if (exits.empty()) return "there is no exit";
  for (std::size_t i = 0; i < exits.size(); ++i) {
    if (exits[i] < 1 || exits[i] > layers) {
      return "exit " + std::to_string(exits[i]) + " is not one of the layers 1 to " +
             std::to_string(layers);
    }
    if (i > 0 && exits[i] <= exits[i - 1]) {
      return "the exits " + list_exits(exits) + " do not ascend";
    }
  }
  return {};
}

ExitHeadsHeader read_exit_heads_header(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  ExitHeadsHeader header;
  for (const auto& [name, entry] : read_safetensors_header(mapped.bytes(), file)) {
    const auto exit = exit_of(name);
    if (!exit) continue;
    if (entry.shape.size() != 2) {
      throw Error(ErrorKind::corrupt, file.string() + ": tensor '" + name + "' is no matrix");
    }
    header.exits.push_back(*exit);
    header.dimension = entry.shape[0];
  }
  if (header.dimension <= 0) {
    throw Error(ErrorKind::corrupt, file.string() + ": it holds no head: no 'exits.N.weight'");
  }
  std::sort(header.exits.begin(), header.exits.end());
  return header;
}

}  // namespace spencer
