#include "text/sentencepiece_tokenizer.h"

#include <algorithm>
#include <cstdio>

#include <sentencepiece_processor.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

#include "text/legacy_files.h"

namespace spencer {
namespace {

using nlohmann::json;
using sentencepiece::SentencePieceProcessor;

std::unique_ptr<SentencePieceProcessor> load_processor(const std::string& serialized,
                                                       const std::filesystem::path& model) {
  auto processor = std::make_unique<SentencePieceProcessor>();
  const auto status = processor->LoadFromSerializedProto(serialized);
  if (!status.ok()) {
    throw Error(ErrorKind::corrupt,
                model.string() + " is not a sentencepiece model: " + status.ToString());
  }
  return processor;
}

void check(const sentencepiece::util::Status& status, const std::string& name) {
  if (!status.ok()) {
    throw Error(ErrorKind::internal, name + ": sentencepiece failed: " + status.ToString());
  }
}

json text_place(const char* id, int segment = 0) {
  return {{"Sequence", {{"id", id}, {"type_id", segment}}}};
}
json token_place(const std::string& token) {
  return {{"SpecialToken", {{"id", token}, {"type_id", 0}}}};
}

/// A template with `before` in front of the first text, `between` and `after`; empty for none.
json template_of(const Vocabulary& vocabulary, const std::string& name,
                 const std::vector<std::string>& before, const std::vector<std::string>& between,
                 const std::vector<std::string>& after) {
  json tokens = json::object();
  const auto append = [&](json& places, const std::vector<std::string>& special) {
    for (const std::string& token : special) {
      const std::int32_t id = vocabulary.find(token);
      if (id < 0) {
        throw Error(ErrorKind::corrupt, name + ": the vocabulary lacks '" + token +
                                            "', which stands around this model's inputs");
      }
      tokens[token] = {{"id", token}, {"ids", {id}}, {"tokens", {token}}};
      places.push_back(token_place(token));
    }
  };
  json single = json::array(), pair = json::array();
  append(single, before);
  single.push_back(text_place("A"));
  append(single, after);
  append(pair, before);
  pair.push_back(text_place("A"));
  append(pair, between);
  pair.push_back(text_place("B"));
  append(pair, after);
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", pair},
          {"special_tokens", tokens}};
}

/// The families that give their pieces other ids than the model file does, as fairseq did.
struct FairseqIds {
  std::vector<std::string> first;  ///< in front of the pieces
  int offset = 0;                  ///< from a piece's own id
};

Vocabulary vocabulary_of(const SentencePieceProcessor& processor, const FairseqIds& fairseq,
                         const std::string& name) {
  Vocabulary vocabulary(name);
  const auto pieces = static_cast<std::size_t>(processor.GetPieceSize());
  vocabulary.reserve(pieces + 8, pieces * 8);
  for (const std::string& token : fairseq.first) {
    vocabulary.add(token, static_cast<std::int64_t>(vocabulary.count()));
  }
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    const std::string& piece = processor.IdToPiece(id);
    if (vocabulary.find(piece) < 0) vocabulary.add(piece, id + fairseq.offset);
  }
  if (!fairseq.first.empty()) {
    vocabulary.add("<mask>", processor.GetPieceSize() + fairseq.offset);
  }
  return vocabulary;
}

/// T5's sentinels, the first of them last.
void add_extra_ids(const json& config, Vocabulary& vocabulary, json& added_tokens) {
  const int extra = config.value("extra_ids", 100);
  const auto pieces = static_cast<int>(vocabulary.id_limit());
  for (int i = extra - 1; i >= 0; --i) {
    const std::string token = "<extra_id_" + std::to_string(i) + ">";
    if (vocabulary.find(token) >= 0) return;
    vocabulary.add(token, pieces + extra - 1 - i);
    added_tokens.push_back({{"content", token},
                            {"single_word", false},
                            {"lstrip", false},
                            {"rstrip", false},
                            {"normalized", false},
                            {"special", true}});
  }
}

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(TokenizerFile file,
                                               const std::filesystem::path& model)
    : PipelineTokenizer(file) {
  const std::string serialized = read_file(model);
  processor_ = load_processor(serialized, model);
  if (is_unigram_model(serialized)) unigram_.emplace(*processor_);
  const std::int32_t unknown = vocabulary_.find(processor_->IdToPiece(processor_->unk_id()));
  for (int id = 0; id < processor_->GetPieceSize(); ++id) {
    const std::int32_t found = vocabulary_.find(processor_->IdToPiece(id));
    if (found < 0 && unknown < 0) {
      throw Error(ErrorKind::corrupt, name_ + ": the vocabulary lacks the piece '" +
                                          processor_->IdToPiece(id) + "' of " + model.string());
    }
    ids_.push_back(found < 0 ? unknown : found);
  }
  take_added_tokens(file);
}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::filesystem::path SentencePieceTokenizer::find_model(const std::filesystem::path& folder) {
  for (const char* name :
       {"sentencepiece.bpe.model", "spiece.model", "sentencepiece.model", "tokenizer.model"}) {
    if (std::filesystem::exists(folder / name)) return folder / name;
  }
  std::filesystem::path found;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (entry.path().extension() == ".model" && (found.empty() || entry.path() < found)) {
      found = entry.path();
    }
  }
  return found;
}

TokenizerFile SentencePieceTokenizer::describe(const std::filesystem::path& folder,
                                               const std::filesystem::path& model) {
  TokenizerFile file;
  file.name = model.string();
  const auto processor = load_processor(read_file(model), model);
  reading_json((folder / "tokenizer_config.json").string(), [&] {
    const json config = read_tokenizer_config(folder);
    const auto kind = config.value("tokenizer_class", "");
    const bool xlm = kind.starts_with("XLMRoberta"), camembert = kind.starts_with("Camembert");
    const bool t5 = kind.starts_with("T5"), llama = kind.starts_with("Llama");
    const FairseqIds fairseq =
        xlm         ? FairseqIds{{"<s>", "<pad>", "</s>", "<unk>"}, 1}
        : camembert ? FairseqIds{{"<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"}, 4}
                    : FairseqIds{};
    file.vocabulary = vocabulary_of(*processor, fairseq, file.name);
    json usual = json::object();
    if (xlm || camembert || t5) {
      usual = {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}};
    }
    if (xlm || camembert) {
      usual.update({{"bos_token", "<s>"},
                    {"sep_token", "</s>"},
                    {"cls_token", "<s>"},
                    {"mask_token", "<mask>"}});
    }
    file.added_tokens = added_tokens_of_config(config, usual);
    if (t5) add_extra_ids(config, file.vocabulary, file.added_tokens);

    const auto around = [&](const std::vector<std::string>& before,
                            const std::vector<std::string>& between,
                            const std::vector<std::string>& after) {
      return template_of(file.vocabulary, file.name, before, between, after);
    };
    const std::string bos = special_token(config, "bos_token", "<s>");
    const std::string eos = special_token(config, "eos_token", "</s>");
    if (xlm || camembert) {
      const std::string cls = special_token(config, "cls_token", "<s>");
      const std::string sep = special_token(config, "sep_token", "</s>");
      file.post_processor = around({cls}, {sep, sep}, {sep});
    } else if (t5) {
      file.post_processor = around({}, {eos}, {eos});
    } else {
      std::vector<std::string> before, between, after;
      if (config.value("add_bos_token", llama)) before = {bos};
      if (config.value("add_eos_token", false)) after = {eos};
      between = after;
      between.insert(between.end(), before.begin(), before.end());
      file.post_processor = around(before, between, after);
    }
    file.pad_token = special_token(config, "pad_token", usual.value("pad_token", "").c_str());
    file.mask_token = special_token(config, "mask_token", usual.value("mask_token", "").c_str());
  });
  return file;
}

/// The text that the pieces of an encoding were cut from: the model's normalised form of the input.
std::string SentencePieceTokenizer::normalized_text(const std::vector<std::string>& pieces) const {
  std::string text;
  for (const std::string& piece : pieces) {
    unsigned int byte = 0;
    const bool named = piece.size() == 6 && std::sscanf(piece.c_str(), "<0x%2X>", &byte) == 1;
    if (named && processor_->IsByte(processor_->PieceToId(piece))) {
      text += static_cast<char>(byte);
    } else {
      text += piece;
    }
  }
  return text;
}

bool SentencePieceTokenizer::append_words(std::string_view text, std::size_t limit,
                                          TokenIds& ids) const {
  const absl::string_view input(text.data(), text.size());
  std::vector<int> cut;
  if (unigram_) {
    std::vector<std::string> pieces;
    check(processor_->Encode(input, &pieces), name_);
    cut = unigram_->cut(normalized_text(pieces));
  } else {
    check(processor_->Encode(input, &cut), name_);
  }
  for (const int piece : cut) ids.push_back(ids_[static_cast<std::size_t>(piece)]);
  return ids.size() < limit;
}

std::string SentencePieceTokenizer::join(const std::vector<std::string_view>& tokens) const {
  const std::vector<std::string> pieces(tokens.begin(), tokens.end());
  std::string text;
  check(processor_->Decode(pieces, &text), name_);
  return text;
}

}  // namespace spencer
