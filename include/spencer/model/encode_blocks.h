// Long encodings a block at a time, so that they can be watched and stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"

namespace spencer {

/// Encodes texts into float32 [texts, dimension], as DualEncoder::encode_queries does.
using EncodeTexts = std::function<void(std::span<const std::string> texts, std::span<float> out)>;

/// All texts' vectors, [texts.size(), dimension]. Between two blocks it looks at the stop flag.
/// @param progress, stop may be null  @throws what `encode` throws; Error{interrupted}
std::vector<float> encode_blocks(std::span<const std::string> texts, std::int64_t dimension,
                                 const EncodeTexts& encode, const char* stage, Progress* progress,
                                 const StopFlag* stop);

}  // namespace spencer
