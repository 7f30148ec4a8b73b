#include "spencer/model/dual_encoder.h"

#include <algorithm>

#include "spencer/base/error.h"
#include "spencer/model/prefix.h"
#include "spencer/model/two_stage_folder.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kShortestText = 3;  // two special tokens and one of the text

std::int64_t resolve_length(const char* what, std::int64_t asked, std::int64_t folder_says,
                            const ModelFolder& model) {
  if (asked != 0 && asked < kShortestText) {
    throw Error(ErrorKind::invalid_argument, std::string(what) + " length is " +
                                                 std::to_string(asked) + "; it must be 0 or " +
                                                 std::to_string(kShortestText) + " and more");
  }
  if (asked != 0) return std::min(asked, model.position_limit());
  return folder_says >= kShortestText ? std::min(folder_says, model.position_limit())
                                      : model.max_length;
}

template <typename Tokenize>
std::vector<TokenSequence> each(std::span<const std::string> texts, const Tokenize& tokenize) {
  std::vector<TokenSequence> sequences;
  sequences.reserve(texts.size());
  for (const std::string& text : texts) sequences.push_back(tokenize(text));
  return sequences;
}

}  // namespace

std::unique_ptr<DualEncoder> DualEncoder::open(const fs::path& path, const EngineOptions& options,
                                               const TextLengths& lengths) {
  options.validate();
  const TwoStageFolder folders = TwoStageFolder::open(path);
  const auto open_tower = [](const fs::path& folder) {
    return std::make_shared<Tower>(Tower{ModelFolder::open(folder), Tokenizer::load(folder), {}});
  };
  auto encoder = std::make_unique<DualEncoder>();
  encoder->path_ = path;
  encoder->options_ = options;
  if (options.exit_layer == 0) encoder->options_.exit_layer = folders.exit_layer;
  encoder->code_ = open_tower(folders.code_encoder);
  encoder->query_ = folders.query_encoder == folders.code_encoder
                        ? encoder->code_
                        : open_tower(folders.query_encoder);
  encoder->code_->folder.resolve_exit(encoder->options_.exit_layer);  // an error now, not later
  if (encoder->query_->folder.dimension() != encoder->code_->folder.dimension()) {
    throw Error(ErrorKind::shape, path.string() + ": the query tower makes vectors of " +
                                      std::to_string(encoder->query_->folder.dimension()) +
                                      " dimensions, the code tower of " +
                                      std::to_string(encoder->code_->folder.dimension()));
  }
  encoder->lengths_.query =
      resolve_length("query", lengths.query, folders.query_length, encoder->query_->folder);
  encoder->lengths_.code =
      resolve_length("code", lengths.code, folders.code_length, encoder->code_->folder);
  return encoder;
}

TextEncoder& DualEncoder::tower(Tower& tower) {
  if (!tower.encoder) {
    EngineOptions options = options_;
    // A distilled query tower may be shallower than the exit the code tower is read at, or have
    // exits of its own.
    const bool own = &tower != code_.get();
    if (own && !tower.folder.has_exit(options.exit_layer)) options.exit_layer = 0;
    tower.encoder = load_engine().text_encoder(tower.folder.path, options);
  }
  return *tower.encoder;
}

TokenSequence DualEncoder::tokenize_query(std::string_view text) const {
  return encode_prefixed(*query_->tokenizer, query_->folder.query_prefix, text, lengths_.query);
}

TokenSequence DualEncoder::tokenize_code(std::string_view text) const {
  return encode_prefixed(*code_->tokenizer, code_->folder.code_prefix, text, lengths_.code);
}

void DualEncoder::encode_queries(std::span<const std::string> texts, std::span<float> out) {
  const auto sequences = each(texts, [this](const auto& text) { return tokenize_query(text); });
  query_tower().encode(sequences, out);
}

void DualEncoder::encode_codes(std::span<const std::string> texts, std::span<float> out) {
  const auto sequences = each(texts, [this](const auto& text) { return tokenize_code(text); });
  code_tower().encode(sequences, out);
}

std::vector<float> DualEncoder::encode_queries(const std::vector<std::string>& texts) {
  std::vector<float> out(texts.size() * static_cast<std::size_t>(dimension()));
  encode_queries(texts, out);
  return out;
}

std::vector<float> DualEncoder::encode_codes(const std::vector<std::string>& texts) {
  std::vector<float> out(texts.size() * static_cast<std::size_t>(dimension()));
  encode_codes(texts, out);
  return out;
}

}  // namespace spencer
