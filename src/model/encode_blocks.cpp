#include "spencer/model/encode_blocks.h"

#include <algorithm>

namespace spencer {
namespace {

constexpr std::size_t kTextsAtOnce = 1024;

}  // namespace

std::vector<float> encode_blocks(std::span<const std::string> texts, std::int64_t dimension,
                                 const EncodeTexts& encode, const char* stage, Progress* progress,
                                 const StopFlag* stop) {
  const auto width = static_cast<std::size_t>(dimension);
  std::vector<float> vectors(texts.size() * width);
  if (progress != nullptr) progress->begin(stage, static_cast<std::int64_t>(texts.size()), "texts");
  for (std::size_t begin = 0; begin < texts.size(); begin += kTextsAtOnce) {
    if (stop != nullptr) stop->check();
    const std::size_t count = std::min(kTextsAtOnce, texts.size() - begin);
    encode(texts.subspan(begin, count), std::span(vectors).subspan(begin * width, count * width));
    if (progress != nullptr) progress->advance(static_cast<std::int64_t>(count));
  }
  if (progress != nullptr) progress->end();
  return vectors;
}

}  // namespace spencer
