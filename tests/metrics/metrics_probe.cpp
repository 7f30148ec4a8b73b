// Scores a TREC run, whose ties stand in pool order, and writes it again for other tools to score.
// probe RUN QRELS OUT_RUN: per query and metric, one line "query metric value" on stdout.
#include <cstdio>
#include <fstream>

#include "spencer/base/error.h"
#include "spencer/metrics/metric.h"
#include "spencer/metrics/trec.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const auto run = spencer::read_trec_run(argv[1]);
    const auto qrels = spencer::read_trec_qrels(argv[2]);
    std::ofstream out(argv[3]);
    for (const auto& [query, judgements] : qrels) {
      static const std::vector<spencer::RunEntry> kNothing;
      const auto found = run.find(query);
      const auto& candidates = found == run.end() ? kNothing : found->second;
      const auto ranks = spencer::ranks_in_run(candidates, judgements);
      for (const char* name : {"mrr", "map", "map@r", "map@10", "ndcg", "ndcg@1", "ndcg@10",
                               "acc@1", "acc@5", "acc@10", "recall@5", "recall@100"}) {
        std::printf("%s %s %.17g\n", query.c_str(), name,
                    spencer::Metric::parse(name).value(ranks));
      }
      std::vector<float> scores;
      for (const auto& entry : candidates) scores.push_back(entry.score);
      std::vector<spencer::RunEntry> ranking;
      for (const std::int64_t i : spencer::best_first(scores, -1)) {
        ranking.push_back(candidates[static_cast<std::size_t>(i)]);
      }
      spencer::write_trec_run(out, query, ranking, "probe");
    }
  } catch (const spencer::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
