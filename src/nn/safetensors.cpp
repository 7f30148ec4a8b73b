#include "spencer/nn/safetensors.h"

#include <cstring>
#include <sstream>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "spencer/base/error.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

at::ScalarType scalar_type(const std::string& dtype) {
  static const std::map<std::string, at::ScalarType> types = {
      {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
      {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
      {"U8", at::kByte},    {"BOOL", at::kBool}};
  const auto found = types.find(dtype);
  return found == types.end() ? at::ScalarType::Undefined : found->second;
}

std::string dtype_name(at::ScalarType type) {
  switch (type) {
    case at::kDouble: return "F64";
    case at::kFloat: return "F32";
    case at::kHalf: return "F16";
    case at::kBFloat16: return "BF16";
    case at::kLong: return "I64";
    case at::kInt: return "I32";
    case at::kShort: return "I16";
    case at::kChar: return "I8";
    case at::kByte: return "U8";
    case at::kBool: return "BOOL";
    default: break;
  }
  throw Error(ErrorKind::unsupported,
              std::string("safetensors has no name for tensors of type ") + at::toString(type));
}

std::string text_of(at::IntArrayRef shape) {
  std::ostringstream out;
  out << shape;
  return out.str();
}

}  // namespace

Weights Weights::open(const fs::path& model_folder) {
  Weights weights;
  weights.source_ = model_folder;
  for (const fs::path& file : weight_files(model_folder)) weights.add_file(file);
  return weights;
}

Weights Weights::open_file(const fs::path& path) {
  Weights weights;
  weights.source_ = path;
  weights.add_file(path);
  return weights;
}

void Weights::add_file(const fs::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  const auto shared_path = std::make_shared<const fs::path>(path);
  for (auto& [name, info] : read_safetensors_header(file->bytes(), path)) {
    if (!entries_.emplace(name, Entry{file, shared_path, std::move(info)}).second) {
      throw Error(ErrorKind::corrupt,
                  path.string() + ": tensor '" + name + "' is in another shard too");
    }
  }
}

std::vector<std::string> Weights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

const Weights::Entry& Weights::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw Error(ErrorKind::corrupt, source_.string() + ": the weights lack tensor '" + name + "'");
  }
  return found->second;
}

at::Tensor Weights::tensor(const std::string& name) const {
  const Entry& found = entry(name);
  const at::ScalarType type = scalar_type(found.info.dtype);
  if (type == at::ScalarType::Undefined) {
    throw Error(ErrorKind::corrupt, found.path->string() + ": tensor '" + name + "' is of type " +
                                        found.info.dtype + ", which is not read");
  }
  // The map is read-only: a write through the view would be a fault, not a silent change.
  auto* bytes = const_cast<std::byte*>(found.file->data()) + found.info.offset;
  const auto options = at::TensorOptions().dtype(type);
  if (reinterpret_cast<std::uintptr_t>(bytes) % at::elementSize(type) != 0) {
    at::Tensor copy = at::empty(found.info.shape, options);
    std::memcpy(copy.data_ptr(), bytes, found.info.bytes);
    return copy;
  }
  return at::from_blob(
      bytes, found.info.shape, [file = found.file](void*) {}, options);
}

at::Tensor Weights::tensor(const std::string& name, at::IntArrayRef shape) const {
  const Entry& found = entry(name);
  if (at::IntArrayRef(found.info.shape) != shape) {
    throw Error(ErrorKind::shape, found.path->string() + ": tensor '" + name + "' is " +
                                      text_of(found.info.shape) + " where config.json makes it " +
                                      text_of(shape));
  }
  return tensor(name);
}

void write_safetensors(const fs::path& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
  nlohmann::ordered_json header;
  header["__metadata__"] = {{"format", "pt"}};
  std::vector<at::Tensor> contents;
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    if (header.contains(name)) {
      throw Error(ErrorKind::invalid_argument,
                  path.string() + ": tensor '" + name + "' was given twice");
    }
    contents.push_back(tensor.detach().to(at::kCPU).contiguous());
    const std::uint64_t begin = end;
    end += contents.back().nbytes();
    header[name] = {{"dtype", dtype_name(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data are aligned
  const std::uint64_t header_bytes = text.size();
  std::string bytes(sizeof header_bytes, '\0');
  std::memcpy(bytes.data(), &header_bytes, sizeof header_bytes);
  bytes += text;
  bytes.reserve(bytes.size() + end);
  for (const at::Tensor& content : contents) {
    bytes.append(static_cast<const char*>(content.const_data_ptr()), content.nbytes());
  }
  write_file_atomically(path, bytes);
}

}  // namespace spencer
