// Safetensors files: memory-mapped reading, whole-or-not-at-all writing.
// Format: https://huggingface.co/docs/safetensors (u64 header length, JSON header, tensor bytes).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "spencer/base/file.h"
#include "spencer/nn/safetensors_header.h"

namespace spencer {

/// The tensors of a model folder: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` names. Files stay mapped for as long as a tensor made from them
/// lives; bytes are read from disk when first touched.
class Weights {
 public:
  /// @throws Error{not_found} if there are none (naming the way to convert `pytorch_model.bin`
  /// where
  ///         that is what is there), Error{corrupt}
  static Weights open(const std::filesystem::path& model_folder);
  static Weights open_file(const std::filesystem::path& path);

  bool contains(const std::string& name) const { return entries_.count(name) != 0; }
  std::vector<std::string> names() const;

  /// A read-only view of the file's bytes, in the file's type; never write to it.
  /// @throws Error{corrupt} naming the tensor if it is missing or of a type that is not read,
  ///         Error{shape} with both shapes if `shape` is not the file's
  at::Tensor tensor(const std::string& name, at::IntArrayRef shape) const;
  at::Tensor tensor(const std::string& name) const;

 private:
  struct Entry {
    std::shared_ptr<const MappedFile> file;
    std::shared_ptr<const std::filesystem::path> path;
    SafetensorsEntry info;
  };
  const Entry& entry(const std::string& name) const;
  void add_file(const std::filesystem::path& path);

  std::filesystem::path source_;
  std::map<std::string, Entry> entries_;
};

/// Writes tensors (any device and stride) as transformers does, metadata `{"format": "pt"}`
/// included. The file appears whole or not at all. @throws Error{io}, Error{invalid_argument} for a
/// name given twice
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors);

}  // namespace spencer
