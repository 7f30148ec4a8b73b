// A benchmark in memory: queries, the pool, and which codes are right for which query.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "spencer/dataset/format.h"

namespace spencer {

struct TextItem {
  std::string id;
  std::string text;
};

struct RightAnswer {
  std::int64_t code = 0;  ///< position in the pool
  double gain = 1;        ///< > 0
};

struct Benchmark {
  std::string name;
  DataFormat format = DataFormat::automatic;
  std::string text;  ///< which fields were read, for people: "docstring_tokens, code_tokens"
  std::vector<TextItem> queries;
  std::vector<TextItem> codes;                    ///< the pool; its order breaks ties
  std::vector<std::vector<RightAnswer>> answers;  ///< per query
  std::vector<std::int64_t> excluded;             ///< per query, its own place in the pool, or -1
  bool paired = false;                            ///< query i's one right answer is code i
  bool code_to_code = false;                      ///< the queries are codes of the pool
  ReadReport report;
};

struct BenchmarkOptions : ReadOptions {
  /// The pool, where it is a file of its own. Empty: found beside the data (`codebase.jsonl`,
  /// `code_idx_map.txt`, each also .gz), or else the data's own codes.
  std::filesystem::path pool;
};

/// Reads a benchmark and checks it (see `check`). BEIR: judgements of `split`, by default test,
/// or else dev, or the only ones; queries without judgements are left out.
/// @throws Error{corrupt} naming file, line and field; Error{not_found}; what `check` throws
Benchmark load_benchmark(std::span<const std::filesystem::path> data,
                         const BenchmarkOptions& options);

/// @throws Error{corrupt} for an empty pool, no query, an id used twice, a query without a right
///         answer in a format that promises one, or an answer outside the pool
void check(const Benchmark& benchmark);

}  // namespace spencer
