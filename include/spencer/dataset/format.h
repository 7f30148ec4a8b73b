// The dataset formats of the field, and telling which one a file or a folder is in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spencer {

enum class DataFormat {
  automatic,
  csn,            ///< CodeSearchNet JSONL; also GraphCodeBERT's and CodeXGLUE's (AdvTest)
  cosqa,          ///< `cosqa-retrieval-*.json` with `code_idx_map.txt` as the pool
  codesplit,      ///< label<CODESPLIT>url<CODESPLIT>name<CODESPLIT>docstring<CODESPLIT>code
  beir,           ///< BEIR / CoIR folder: corpus.jsonl, queries.jsonl, qrels/*.tsv
  poj104,         ///< POJ-104 JSONL: code, label, index
  flag,           ///< FlagEmbedding JSONL: query, pos, neg
  csn_challenge,  ///< CodeSearchNet challenge: annotationStore.csv
};

/// "csn", "cosqa", ...; `csn_challenge` is "csn-challenge" and `automatic` is "auto".
std::string to_string(DataFormat format);
/// @throws Error{invalid_argument} with what is known
DataFormat parse_data_format(std::string_view name);

/// Which of a record's two forms is used, where it has both.
enum class TextForm {
  automatic,  ///< tokens where the format has them (CodeSearchNet: its code text holds the query)
  tokens,     ///< docstring_tokens and code_tokens, joined with blanks
  raw,        ///< docstring and code as written, the docstring cut out of the code
};
std::string to_string(TextForm form);
TextForm parse_text_form(std::string_view name);  ///< "auto", "tokens", "raw". @throws as above

struct ReadOptions {
  DataFormat format = DataFormat::automatic;
  TextForm text = TextForm::automatic;
  std::string split;      ///< "train", "valid", "test": which files or judgements; empty = any
  bool skip_bad = false;  ///< count bad records and go on, rather than stop at the first
};

/// What reading came to.
struct ReadReport {
  std::int64_t records = 0;
  std::int64_t skipped = 0;               ///< bad records, with `skip_bad`
  std::vector<std::string> first_errors;  ///< of those skipped, at most ten
};

/// The data files meant by `data`: files as they are; of folders, recursively and sorted, those
/// of `split` with a data file's extension (.jsonl, .json, .txt, each also .gz), pools left out.
/// @throws Error{not_found} if there is none
std::vector<std::filesystem::path> data_files(std::span<const std::filesystem::path> data,
                                              const std::string& split);

/// Looks at names and at the first record. @throws Error{not_found}, Error{corrupt} where the
/// format cannot be told, naming what was seen.
DataFormat detect_format(const std::filesystem::path& data);

}  // namespace spencer
