// Chooses the kind of tokenizer a model folder has.
#include <utility>

#include "spencer/base/error.h"
#include "spencer/text/tokenizer.h"

#include "text/byte_level_bpe.h"
#include "text/legacy_files.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/tokenizer_file.h"
#include "text/wordpiece.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

/// Whether a BPE is one of characters with bytes to fall back on, as sentencepiece makes them.
bool of_sentencepiece(const TokenizerFile& file) {
  return reading_json(file.name, [&] { return file.model.value("byte_fallback", false); });
}

std::unique_ptr<Tokenizer> from_tokenizer_json(const fs::path& folder) {
  TokenizerFile file = read_tokenizer_json(folder);
  const auto type = reading_json(file.name, [&] { return file.model.value("type", ""); });
  if (type == "WordPiece") return std::make_unique<WordPiece>(std::move(file));
  if (type == "BPE" && !of_sentencepiece(file)) {
    return std::make_unique<ByteLevelBpe>(std::move(file));
  }
  if (type != "BPE" && type != "Unigram") {
    throw Error(ErrorKind::unsupported, file.name + ": a model of type '" + type +
                                            "'; WordPiece, BPE and Unigram are read");
  }
  const fs::path model = SentencePieceTokenizer::find_model(folder);
  if (model.empty()) {
    throw Error(ErrorKind::not_found,
                file.name + " is made from a sentencepiece model; " + folder.string() +
                    " lacks that model's own file (*.model), which is read in its place");
  }
  return std::make_unique<SentencePieceTokenizer>(std::move(file), model);
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::load(const fs::path& model_folder) {
  const auto has = [&](const char* name) { return fs::exists(model_folder / name); };
  if (has("tokenizer.json")) return from_tokenizer_json(model_folder);
  if (has("vocab.txt")) return std::make_unique<WordPiece>(read_vocab_txt(model_folder));
  if (has("vocab.json") || has("merges.txt")) {
    return std::make_unique<ByteLevelBpe>(read_vocab_and_merges(model_folder));
  }
  if (const fs::path model = SentencePieceTokenizer::find_model(model_folder); !model.empty()) {
    return std::make_unique<SentencePieceTokenizer>(
        SentencePieceTokenizer::describe(model_folder, model), model);
  }
  throw Error(
      ErrorKind::not_found,
      "no tokenizer in " + model_folder.string() +
          ": looked for tokenizer.json, vocab.txt, vocab.json with merges.txt, and *.model");
}

}  // namespace spencer
