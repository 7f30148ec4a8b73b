// BEIR and CoIR folders: corpus, queries and judgements joined by id.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "dataset/benchmark_builder.h"
#include "dataset/readers.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

fs::path needed(const fs::path& folder, const std::string& name) {
  const fs::path found = plain_or_gz(folder, name);
  if (found.empty()) {
    throw Error(ErrorKind::not_found,
                folder.string() + ": a BEIR folder needs " + name + " (or " + name + ".gz)");
  }
  return found;
}

/// The judgements of `split`; without one, test, or else dev, or the only file there is.
fs::path qrels_file(const fs::path& folder, const std::string& split) {
  const fs::path qrels = folder / "qrels";
  std::vector<std::string> names{split};
  if (split.empty()) names = {"test", "dev", "valid"};
  if (canonical_split(split) == "valid") names = {split, "dev", "valid", "validation"};
  for (const std::string& name : names) {
    const fs::path file = plain_or_gz(qrels, name + ".tsv");
    if (!file.empty()) return file;
  }
  std::vector<fs::path> all;
  if (fs::is_directory(qrels)) {
    for (const auto& entry : fs::directory_iterator(qrels)) {
      if (entry.path().string().find(".tsv") != std::string::npos) all.push_back(entry.path());
    }
  }
  if (split.empty() && all.size() == 1) return all[0];
  throw Error(ErrorKind::not_found,
              qrels.string() + ": no judgements" +
                  (split.empty() ? " for test; name others with --split" : " for " + split) + " (" +
                  (split.empty() ? "test" : split) + ".tsv)");
}

}  // namespace

Benchmark read_beir(const fs::path& folder, ReadContext& context) {
  BenchmarkBuilder builder;
  std::unordered_map<std::string, std::string> query_texts;
  const fs::path qrels = qrels_file(folder, context.options().split);
  read_beir_texts(needed(folder, "corpus.jsonl"), context,
                  [&](TextItem&& item, Where where) { builder.add_code(std::move(item), where); });
  read_beir_texts(needed(folder, "queries.jsonl"), context, [&](TextItem&& item, Where where) {
    if (item.text.empty()) throw Error(ErrorKind::corrupt, where + "field \"text\" is empty");
    if (!query_texts.emplace(item.id, std::move(item.text)).second) {
      throw Error(ErrorKind::corrupt, where + "the query id \"" + item.id + "\" was used before");
    }
  });
  std::unordered_set<std::string> judged;
  read_beir_qrels(qrels, context, [&](BeirJudgement&& judgement, Where where) {
    const auto text = query_texts.find(judgement.query);
    if (text == query_texts.end()) {
      throw Error(ErrorKind::corrupt,
                  where + "query \"" + judgement.query + "\" is not in queries.jsonl");
    }
    if (!judged.insert(judgement.query + '\t' + judgement.document).second) {
      throw Error(ErrorKind::corrupt, where + "\"" + judgement.document +
                                          "\" is judged twice for query \"" + judgement.query +
                                          "\"");
    }
    const bool right = judgement.score > 0;
    const std::int64_t code = right ? builder.code(judgement.document, where) : -1;
    const std::int64_t query = builder.has_query(judgement.query)
                                   ? builder.query(judgement.query)
                                   : builder.add_query({judgement.query, text->second}, {}, where);
    if (right) {
      builder.benchmark().answers[static_cast<std::size_t>(query)].push_back(
          {code, judgement.score});
    }
  });
  // As in BEIR, a query that is itself a document of the corpus is not its own answer.
  Benchmark benchmark = std::move(builder.benchmark());
  for (std::size_t i = 0; i < benchmark.queries.size(); ++i) {
    const TextItem& query = benchmark.queries[i];
    std::int64_t own = builder.has_code(query.id) ? builder.code(query.id, "") : -1;
    const auto& answers = benchmark.answers[i];
    const bool judged_right = std::any_of(answers.begin(), answers.end(),
                                          [&](const RightAnswer& a) { return a.code == own; });
    if (own >= 0 &&
        (judged_right || benchmark.codes[static_cast<std::size_t>(own)].text != query.text)) {
      own = -1;
    }
    benchmark.excluded.push_back(own);
  }
  return benchmark;
}

}  // namespace spencer
