// Chooses the kind of tokenizer a model folder has.
#include <utility>

#include "spencer/base/error.h"
#include "spencer/text/tokenizer.h"

#include "text/tokenizer_file.h"
#include "text/wordpiece.h"

namespace spencer {
namespace {

std::unique_ptr<Tokenizer> from_tokenizer_json(const std::filesystem::path& folder) {
  TokenizerFile file = read_tokenizer_json(folder);
  const auto type = reading_json(file.name, [&] { return file.model.value("type", ""); });
  if (type == "WordPiece") return std::make_unique<WordPiece>(std::move(file));
  throw Error(ErrorKind::unsupported,
              file.name + ": a model of type '" + type + "'; WordPiece is read");
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::load(const std::filesystem::path& model_folder) {
  if (std::filesystem::exists(model_folder / "tokenizer.json")) {
    return from_tokenizer_json(model_folder);
  }
  throw Error(ErrorKind::not_found,
              "no tokenizer in " + model_folder.string() + ": looked for tokenizer.json");
}

}  // namespace spencer
