// One streaming reader per format: the records as the format has them, before they become pairs
// or a benchmark.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spencer/base/error.h"
#include "spencer/dataset/benchmark.h"
#include "spencer/dataset/format.h"
#include "spencer/dataset/records.h"

namespace spencer {

/// Options, and the count of what was read and skipped.
class ReadContext {
 public:
  explicit ReadContext(const ReadOptions& options) : options_(options) {}
  const ReadOptions& options() const { return options_; }
  const ReadReport& report() const { return report_; }

  /// Runs what makes one record; its Error{corrupt} is counted where bad records are skipped.
  template <typename Make>
  void record(Make make) {
    try {
      make();
      ++report_.records;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt || !options_.skip_bad) throw;
      ++report_.skipped;
      if (report_.first_errors.size() < 10) report_.first_errors.emplace_back(error.what());
    }
  }

 private:
  ReadOptions options_;
  ReadReport report_;
};

/// Where a record begins: "file:line: ".
using Where = const std::string&;

struct CsnItem {
  std::string id, query, code, repository;
};
/// @param with_code false: the record needs no code, since the pool is elsewhere
void read_csn(const std::filesystem::path& file, ReadContext& context, bool with_code,
              const std::function<void(CsnItem&&, Where)>& sink);
/// GraphCodeBERT's `codebase.jsonl`: the codes alone.
void read_csn_codes(const std::filesystem::path& file, ReadContext& context,
                    const std::function<void(TextItem&&, Where)>& sink);

struct CosqaItem {
  std::string id, query;
  std::string code;                    ///< empty where the file has none
  bool right = true;                   ///< `label` is absent or 1
  std::optional<std::string> pool_id;  ///< `retrieval_idx`
};
void read_cosqa(const std::filesystem::path& file, ReadContext& context,
                const std::function<void(CosqaItem&&, Where)>& sink);
/// `code_idx_map.txt`: an object from code text to index.
void read_cosqa_pool(const std::filesystem::path& file, ReadContext& context,
                     const std::function<void(TextItem&&, Where)>& sink);

struct CodeSplitItem {
  bool right = true;  ///< label 1
  std::string first_id, second_id, query, code;
};
void read_codesplit(const std::filesystem::path& file, ReadContext& context,
                    const std::function<void(CodeSplitItem&&, Where)>& sink);

struct FlagItem {
  std::string id, query;
  std::vector<std::string> positives, negatives;
};
void read_flag(const std::filesystem::path& file, ReadContext& context,
               const std::function<void(FlagItem&&, Where)>& sink);

struct PojItem {
  std::string id, label, code;
};
void read_poj104(const std::filesystem::path& file, ReadContext& context,
                 const std::function<void(PojItem&&, Where)>& sink);

/// corpus.jsonl or queries.jsonl; a title stands before the text.
void read_beir_texts(const std::filesystem::path& file, ReadContext& context,
                     const std::function<void(TextItem&&, Where)>& sink);
struct BeirJudgement {
  std::string query, document;
  double score = 0;
};
void read_beir_qrels(const std::filesystem::path& file, ReadContext& context,
                     const std::function<void(BeirJudgement&&, Where)>& sink);

/// A BEIR folder as a benchmark, not yet checked.
Benchmark read_beir(const std::filesystem::path& folder, ReadContext& context);

/// `folder / name`, or the same with ".gz"; empty where neither is there.
std::filesystem::path plain_or_gz(const std::filesystem::path& folder, const std::string& name);
/// "dev", "valid" and "validation" are one split.
std::string canonical_split(std::string_view split);

}  // namespace spencer
