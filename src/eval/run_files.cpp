#include "spencer/eval/run_files.h"

#include <cmath>
#include <sstream>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/metrics/trec.h"

namespace spencer {
namespace fs = std::filesystem;

fs::path with_part(const fs::path& file, const std::string& part) {
  fs::path named = file;
  return named.replace_filename(file.stem().string() + "." + part + file.extension().string());
}

RunWriter::RunWriter(const Benchmark& benchmark, const fs::path& file, std::string tag, bool rerank)
    : benchmark_(benchmark), tag_(std::move(tag)) {
  files_["recall"].path = rerank ? with_part(file, "recall") : file;
  if (rerank) files_["rerank"].path = file;
  for (auto& [stage, its_file] : files_) {
    its_file.stream.open(its_file.path);
    if (!its_file.stream) {
      throw Error(ErrorKind::io, "cannot write the run " + its_file.path.string());
    }
  }
}

void RunWriter::write(const std::string& stage, std::int64_t query, const RankedCodes& ranking) {
  std::vector<RunEntry> entries;
  entries.reserve(ranking.codes.size());
  for (std::size_t i = 0; i < ranking.codes.size(); ++i) {
    entries.push_back(
        {benchmark_.codes[static_cast<std::size_t>(ranking.codes[i])].id, ranking.scores[i]});
  }
  write_trec_run(files_.at(stage).stream, benchmark_.queries[static_cast<std::size_t>(query)].id,
                 entries, tag_);
}

void RunWriter::finish() {
  for (auto& [stage, file] : files_) {
    file.stream.close();
    if (!file.stream) throw Error(ErrorKind::io, "cannot write the run " + file.path.string());
  }
}

void write_qrels(const fs::path& file, const Benchmark& benchmark, const Plan& plan) {
  std::ostringstream text;
  for (const Chunk& chunk : plan.chunks) {
    for (const std::int64_t query : chunk.queries) {
      const auto i = static_cast<std::size_t>(query);
      for (const RightAnswer& answer : benchmark.answers[i]) {
        if (answer.gain != std::round(answer.gain)) {
          throw Error(ErrorKind::unsupported, "TREC judgements are whole numbers, and query \"" +
                                                  benchmark.queries[i].id + "\" has one of " +
                                                  std::to_string(answer.gain));
        }
        write_trec_judgement(text, benchmark.queries[i].id,
                             benchmark.codes[static_cast<std::size_t>(answer.code)].id,
                             static_cast<std::int64_t>(answer.gain));
      }
    }
  }
  write_file_atomically(file, text.str());
}

}  // namespace spencer
