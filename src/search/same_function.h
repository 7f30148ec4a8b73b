// One answer per function: its parts, and overlapping windows of a file, are one thing.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "spencer/store/index_store.h"

namespace spencer {

/// The first `wanted` of `found` (best first), each the best of its function or stretch of lines;
/// what belongs to `like` is left out.
std::vector<ScoredRecord> without_repeats(const IndexReader& reader,
                                          std::span<const ScoredRecord> found,
                                          std::optional<RecordId> like, std::size_t wanted);

}  // namespace spencer
