#include "spencer/nn/safetensors_header.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit

[[noreturn]] void corrupt(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::corrupt, path.string() + ": not a whole safetensors file: " + what);
}

/// Parses a JSON object and refuses a key that stands twice at its top.
json parse_object(std::string_view text, const fs::path& path) {
  std::set<std::string> seen;
  std::string repeated;
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth == 1 && event == json::parse_event_t::key &&
        !seen.insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  json object;
  try {
    object = json::parse(text.begin(), text.end(), check);
  } catch (const json::exception& error) {
    corrupt(path, std::string("its header is not JSON: ") + error.what());
  }
  if (!object.is_object()) corrupt(path, "its header is not a JSON object");
  if (!repeated.empty()) corrupt(path, "tensor '" + repeated + "' stands twice in its header");
  return object;
}

std::uint64_t element_count(const std::vector<std::int64_t>& shape, const std::string& name,
                            const fs::path& path) {
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count) ||
        count > (std::uint64_t{1} << 60)) {
      corrupt(path, "the shape of tensor '" + name + "' overflows");
    }
  }
  return count;
}

SafetensorsEntry parse_entry(const std::string& name, const json& value, const fs::path& path) {
  const auto bad = [&](const std::string& what) { corrupt(path, "tensor '" + name + "' " + what); };
  if (!value.is_object()) bad("has no description");
  const auto dtype = value.find("dtype");
  const auto shape = value.find("shape");
  const auto offsets = value.find("data_offsets");
  if (dtype == value.end() || !dtype->is_string()) bad("has no dtype");
  if (shape == value.end() || !shape->is_array()) bad("has no shape");
  if (offsets == value.end() || !offsets->is_array() || offsets->size() != 2) {
    bad("has no data_offsets");
  }
  SafetensorsEntry entry;
  entry.dtype = dtype->get<std::string>();
  for (const json& size : *shape) {
    if (!size.is_number_unsigned() || size.get<std::uint64_t>() > (std::uint64_t{1} << 60)) {
      bad("has a shape that is not made of sizes");
    }
    entry.shape.push_back(size.get<std::int64_t>());
  }
  for (const json& offset : *offsets) {
    if (!offset.is_number_unsigned()) bad("has an offset that is not a whole number");
  }
  entry.offset = (*offsets)[0].get<std::uint64_t>();
  const auto end = (*offsets)[1].get<std::uint64_t>();
  if (end < entry.offset) bad("ends before it begins");
  entry.bytes = end - entry.offset;
  const std::uint64_t items = element_count(entry.shape, name, path);
  const std::size_t item_size = safetensors_item_size(entry.dtype);
  if (item_size != 0 && items * item_size != entry.bytes) {
    bad("takes " + std::to_string(entry.bytes) + " bytes where its shape and type make " +
        std::to_string(items * item_size));
  }
  return entry;
}

/// The tensors must fill the space after the header, each byte once.
void check_layout(const std::map<std::string, SafetensorsEntry>& entries, std::uint64_t data_bytes,
                  const fs::path& path) {
  std::vector<std::pair<const SafetensorsEntry*, const std::string*>> order;
  for (const auto& [name, entry] : entries) order.emplace_back(&entry, &name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->offset, a.first->bytes) < std::pair(b.first->offset, b.first->bytes);
  });
  std::uint64_t next = 0;
  for (const auto& [entry, name] : order) {
    if (entry->offset != next) {
      corrupt(path, "tensor '" + *name + "' begins at byte " + std::to_string(entry->offset) +
                        " of the data, where the one before it ends at " + std::to_string(next));
    }
    if (entry->bytes > data_bytes - next) {
      corrupt(path, "tensor '" + *name + "' ends " +
                        std::to_string(entry->bytes - (data_bytes - next)) +
                        " bytes beyond the file; it is cut short");
    }
    next += entry->bytes;
  }
  if (next != data_bytes) {
    corrupt(path, std::to_string(data_bytes - next) + " bytes at its end belong to no tensor");
  }
}

std::vector<fs::path> shard_files(const fs::path& folder, const fs::path& index) {
  std::set<std::string> names;
  try {
    const json parsed = json::parse(read_file(index));
    for (const json& name : parsed.at("weight_map")) names.insert(name.get<std::string>());
  } catch (const json::exception& error) {
    throw Error(ErrorKind::corrupt, index.string() + ": not a shard index: " + error.what());
  }
  if (names.empty()) throw Error(ErrorKind::corrupt, index.string() + ": names no shard");
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    if (name != fs::path(name).filename().string()) {
      throw Error(ErrorKind::corrupt,
                  index.string() + ": shard '" + name + "' is not a file of the folder");
    }
    if (!fs::exists(folder / name)) {
      throw Error(ErrorKind::not_found, (folder / name).string() + " is missing; " +
                                            index.filename().string() + " names it");
    }
    files.push_back(folder / name);
  }
  return files;
}

}  // namespace

std::size_t safetensors_item_size(const std::string& dtype) {
  static const std::map<std::string, std::size_t> sizes = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
      {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

std::map<std::string, SafetensorsEntry> read_safetensors_header(std::span<const std::byte> file,
                                                                const fs::path& path) {
  std::uint64_t header_bytes = 0;
  if (file.size() < sizeof header_bytes) corrupt(path, "it has no header");
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);  // little-endian, like the host
  if (header_bytes > kMaxHeaderBytes || header_bytes > file.size() - sizeof header_bytes) {
    corrupt(path, "its header claims " + std::to_string(header_bytes) + " bytes of " +
                      std::to_string(file.size()));
  }
  const std::uint64_t data_start = sizeof header_bytes + header_bytes;
  const json header = parse_object(
      {reinterpret_cast<const char*>(file.data()) + sizeof header_bytes, header_bytes}, path);
  std::map<std::string, SafetensorsEntry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") entries.emplace(name, parse_entry(name, value, path));
  }
  check_layout(entries, file.size() - data_start, path);
  for (auto& [name, entry] : entries) entry.offset += data_start;
  return entries;
}

std::vector<fs::path> weight_files(const fs::path& model_folder) {
  const fs::path single = model_folder / "model.safetensors";
  if (fs::exists(single)) return {single};
  const fs::path index = model_folder / "model.safetensors.index.json";
  if (fs::exists(index)) return shard_files(model_folder, index);
  if (fs::exists(model_folder / "pytorch_model.bin") ||
      fs::exists(model_folder / "pytorch_model.bin.index.json")) {
    throw Error(ErrorKind::not_found,
                model_folder.string() +
                    " has its weights in pytorch_model.bin only, which may hold any program and is "
                    "not read. Convert it in Python: from transformers import AutoModel; "
                    "AutoModel.from_pretrained('" +
                    model_folder.string() + "').save_pretrained('NEW_FOLDER')");
  }
  throw Error(ErrorKind::not_found,
              model_folder.string() +
                  " has no weights: neither model.safetensors nor model.safetensors.index.json");
}

}  // namespace spencer
