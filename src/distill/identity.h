// What makes two distillations the same one.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "spencer/distill/distiller.h"

namespace spencer {

/// Everything that decides an attempt's figures, by name.
using Identity = std::map<std::string, std::string>;

/// @param options lengths resolved  @param reranker may be null
Identity identity_of(const DistillOptions& options, const RerankOptions& rerank,
                     const DistillData& data, const DualEncoder& original,
                     const CrossEncoder* reranker);

/// Writes `identity.json` into a new run's folder, or compares with the one that is there.
/// @throws Error{invalid_argument} if a run lies there and is not to be resumed, or is another one,
///         naming the first difference; Error{corrupt, io}
void check_identity(const std::filesystem::path& folder, const Identity& ours, bool resume);

}  // namespace spencer
