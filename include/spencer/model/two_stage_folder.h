// A two-stage model: where its query tower, code tower and reranker lie, and their lengths.
#pragma once

#include <cstdint>
#include <filesystem>

namespace spencer {

inline constexpr int kTwoStageVersion = 1;  // of spencer.json; 1: first published

/// What `spencer.json` says; a plain model folder is a two-stage one whose towers are one.
struct TwoStageFolder {
  std::filesystem::path query_encoder;
  std::filesystem::path code_encoder;
  std::filesystem::path reranker;    ///< empty = none
  std::int64_t query_length = 0;     ///< tokens, special ones included; 0 = the tower's own
  std::int64_t code_length = 0;      ///< likewise
  std::int64_t reranker_length = 0;  ///< likewise, for query and code together
  double recall_weight = 0;          ///< of the recall score beside the reranker's
  int exit_layer = 0;                ///< exit of both towers; 0 = their last

  /// @throws Error{not_found, corrupt, unsupported_version}
  static TwoStageFolder open(const std::filesystem::path& path);

  /// Writes `path`/spencer.json; folders under `path` are named relative to it. @throws Error{io}
  void save(const std::filesystem::path& path) const;
};

}  // namespace spencer
