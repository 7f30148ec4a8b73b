// ann.faiss: approximate search for large indexes, HNSW or IVF-PQ, over the mapped vectors.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "spencer/base/stop.h"
#include "spencer/store/index_store.h"

#include "store/exact_search.h"
#include "store/vector_file.h"

namespace spencer {

/// Below this many rows an exact scan takes a few milliseconds and nothing else is built.
inline constexpr std::int64_t kSmallestAnn = 10000;

/// Builds the structure and writes it. The rows themselves are not copied into the file by HNSW.
/// @throws Error{io, out_of_memory}; Error{interrupted} if `stop` (may be null) is requested
void build_ann(const std::filesystem::path& path, AnnKind kind, const VectorFile& vectors,
               const StopFlag* stop);

/// A loaded structure.
class AnnSearch {
 public:
  /// @param bytes a whole ann.faiss whose checksum has been verified
  /// @throws Error{corrupt}, naming `path`
  static std::unique_ptr<AnnSearch> load(std::span<const std::byte> bytes, AnnKind kind,
                                         const VectorFile& vectors,
                                         const std::filesystem::path& path);
  virtual ~AnnSearch() = default;
  /// As `exact_search`, up to missed neighbours; scores are exact.
  virtual std::vector<ScoredRecord> search(std::span<const float> query, std::int64_t k,
                                           const RowRanges& ranges) const = 0;
};

}  // namespace spencer
