// Chooses the kind of tokenizer a model folder has.
#include <utility>

#include "spencer/base/error.h"
#include "spencer/text/tokenizer.h"

#include "text/byte_level_bpe.h"
#include "text/legacy_files.h"
#include "text/tokenizer_file.h"
#include "text/wordpiece.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Tokenizer> from_tokenizer_json(const fs::path& folder) {
  TokenizerFile file = read_tokenizer_json(folder);
  const auto type = reading_json(file.name, [&] { return file.model.value("type", ""); });
  if (type == "WordPiece") return std::make_unique<WordPiece>(std::move(file));
  if (type == "BPE") return std::make_unique<ByteLevelBpe>(std::move(file));
  throw Error(ErrorKind::unsupported, file.name + ": a model of type '" + type +
                                          "'; WordPiece and byte-level BPE are read");
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::load(const fs::path& model_folder) {
  const auto has = [&](const char* name) { return fs::exists(model_folder / name); };
  if (has("tokenizer.json")) return from_tokenizer_json(model_folder);
  if (has("vocab.txt")) return std::make_unique<WordPiece>(read_vocab_txt(model_folder));
  if (has("vocab.json") || has("merges.txt")) {
    return std::make_unique<ByteLevelBpe>(read_vocab_and_merges(model_folder));
  }
  throw Error(ErrorKind::not_found,
              "no tokenizer in " + model_folder.string() +
                  ": looked for tokenizer.json, vocab.txt, vocab.json and merges.txt");
}

}  // namespace spencer
