// The files of a run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include <nlohmann/json.hpp>

#include "spencer/base/file.h"

namespace spencer {

inline std::filesystem::path checkpoint_file(const std::filesystem::path& run) {
  return run / "checkpoint.safetensors";
}

/// Held by one process at a time.
class RunFolder {
 public:
  /// @throws Error{invalid_argument} if another process trains there, or if a run lies there and is
  ///         not to be resumed; Error{io}
  RunFolder(std::filesystem::path path, bool resume);

  std::filesystem::path checkpoint() const { return checkpoint_file(path_); }
  bool has_checkpoint() const;

  /// Leaves of `metrics.jsonl` what a run at this step has written.
  void rewind_metrics(std::int64_t step) const;
  /// Appends a line to `metrics.jsonl`.
  void record(const nlohmann::ordered_json& line) const;

  /// Replaces the model folder `name` by the one that `write` makes; it is there whole or as it
  /// was. @return its path
  std::filesystem::path replace(const std::string& name,
                                const std::function<void(const std::filesystem::path&)>& write);
  /// Makes `model` a link to `name`. @return the link's path
  std::filesystem::path choose(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

}  // namespace spencer
