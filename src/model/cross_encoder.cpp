#include "spencer/model/cross_encoder.h"

#include <algorithm>

#include "spencer/base/error.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kShortestPair = 6;  // up to four special tokens and one of each text

}  // namespace

std::unique_ptr<CrossEncoder> CrossEncoder::open(const fs::path& path, const EngineOptions& options,
                                                 std::int64_t length) {
  options.validate();
  if (length != 0 && length < kShortestPair) {
    throw Error(ErrorKind::invalid_argument, "reranker length is " + std::to_string(length) +
                                                 "; it must be 0 or " +
                                                 std::to_string(kShortestPair) + " and more");
  }
  auto encoder = std::make_unique<CrossEncoder>();
  encoder->options_ = options;
  encoder->folder_ = ModelFolder::open(path);
  if (encoder->folder_.labels != 1) {
    throw Error(ErrorKind::unsupported,
                path.string() + " is no cross-encoder: its config.json names " +
                    (encoder->folder_.labels == 0
                         ? std::string("no sequence-classification architecture")
                         : std::to_string(encoder->folder_.labels) + " outputs where one is read"));
  }
  encoder->length_ = length == 0 ? encoder->folder_.max_length
                                 : std::min(length, encoder->folder_.position_limit());
  encoder->tokenizer_ = Tokenizer::load(path);
  return encoder;
}

TokenSequence CrossEncoder::tokenize(std::string_view query, std::string_view code) const {
  return tokenizer_->encode_pair(query, code, static_cast<std::size_t>(length_));
}

PairScorer& CrossEncoder::scorer() {
  if (!scorer_) scorer_ = load_engine().pair_scorer(folder_.path, options_);
  return *scorer_;
}

std::vector<float> CrossEncoder::score(std::span<const TokenSequence> sequences) {
  std::vector<float> out(sequences.size());
  scorer().score(sequences, out);
  return out;
}

std::vector<float> CrossEncoder::score(std::span<const std::pair<std::string, std::string>> pairs) {
  std::vector<TokenSequence> sequences;
  sequences.reserve(pairs.size());
  for (const auto& [query, code] : pairs) sequences.push_back(tokenize(query, code));
  return score(sequences);
}

std::vector<float> CrossEncoder::score(const std::string& query,
                                       std::span<const std::string> codes) {
  std::vector<TokenSequence> sequences;
  sequences.reserve(codes.size());
  for (const std::string& code : codes) sequences.push_back(tokenize(query, code));
  return score(sequences);
}

}  // namespace spencer
