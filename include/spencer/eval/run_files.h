// TREC runs of an evaluation, written as it goes, and the judgements they are scored against.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "spencer/dataset/benchmark.h"
#include "spencer/eval/protocol.h"
#include "spencer/eval/ranking.h"

namespace spencer {

/// Writes one system's runs. The last stage goes to the file as named, and recall before a second
/// stage to the same name with ".recall" before its extension.
class RunWriter {
 public:
  /// @param tag the run's name, its last column  @throws Error{io}
  RunWriter(const Benchmark& benchmark, const std::filesystem::path& file, std::string tag,
            bool rerank);

  /// For RankingHooks::on_ranking.
  void write(const std::string& stage, std::int64_t query, const RankedCodes& ranking);
  /// Closes the files. @throws Error{io} if something could not be written
  void finish();

 private:
  struct File {
    std::filesystem::path path;
    std::ofstream stream;
  };
  const Benchmark& benchmark_;
  std::string tag_;
  std::map<std::string, File> files_;  ///< by stage
};

/// `file` with `part` before its extension: run.txt, "recall" -> run.recall.txt
std::filesystem::path with_part(const std::filesystem::path& file, const std::string& part);

/// The right answers of the plan's queries, as TREC judgements. Gains are written as whole numbers.
/// @throws Error{io}
void write_qrels(const std::filesystem::path& file, const Benchmark& benchmark, const Plan& plan);

}  // namespace spencer
