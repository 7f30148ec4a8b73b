// Distillation of a dual encoder's query encoder, as a program sees it: options and data in, a run
// folder and a two-stage model out. Free of torch, which is loaded on need.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "spencer/dataset/benchmark.h"
#include "spencer/distill/selection.h"
#include "spencer/distill/student.h"
#include "spencer/eval/evaluate.h"

namespace spencer {

struct DistillOptions {
  std::filesystem::path model;     ///< the dual encoder; its code encoder is never changed
  std::filesystem::path reranker;  ///< empty = the model's own, where it has one
  /// Of every student. `output` is the run's folder; teacher and layers are set for each attempt;
  /// a query length of 0 is the model's own.
  StudentOptions training;
  DescentOptions descent;
  LayerRule rule = LayerRule::first;
  /// The one student's layers, counted from 1, rising; empty = a descent by `rule`
  std::vector<std::int64_t> layers;
  std::int64_t code_length = 0;      ///< tokens; 0 = what the model is meant for
  std::int64_t reranker_length = 0;  ///< likewise, for query and code together
  std::int64_t rerank_depth = 5;     ///< candidates the reranker reads
  /// What the recall score counts beside the reranker's; none = as the model folder says, or 0
  std::optional<double> recall_weight;
  std::int64_t timed_queries = 50;  ///< encoded one by one for the query-encoding time; above 0

  void validate() const;  ///< @throws Error{invalid_argument}
};

/// Kept by reference.
struct DistillData {
  const PairSet& pairs;
  std::span<const std::string> extra;  ///< queries that have no code
  const Benchmark& held_out;           ///< judges every student; pairs of queries and codes
};

/// One line of the ledger: a student, or (attempt 0) the original.
struct StudentRecord {
  Judgement judgement;
  std::filesystem::path folder;  ///< of the run, relative to the whole run's; empty: the original's
  double dual_weight = 0, single_weight = 0;
  std::int64_t steps = 0;
  double seconds = 0;  ///< of training
  struct Stage {
    std::string name;                                       ///< "recall" or "rerank"
    std::vector<std::pair<std::string, Interval>> figures;  ///< mrr, acc@1, acc@5
  };
  std::vector<Stage> stages;            ///< the last one's first figure is the overall MRR
  double kept = 1;                      ///< share of the original's overall MRR
  double query_encode_ms = 0;           ///< one query, tokens included: median
  double original_query_encode_ms = 0;  ///< the same of the original, taken in turns with it

  double overall() const { return stages.back().figures.front().second.mean; }
};

/// As JSON, without a line break.
std::string ledger_line(const StudentRecord& record);

struct DistillReport {
  StudentRecord original;
  std::vector<StudentRecord> attempts;  ///< by number
  std::int64_t result = kOriginal;      ///< number of the attempt that is the result
  std::filesystem::path model;          ///< a two-stage folder with its query encoder
};

/// What a run calls on the way; all optional.
struct DistillHooks : TrainHooks {
  std::function<void(const StudentRecord&)> on_original;
  std::function<void(const Attempt&)> on_attempt;          ///< before it is trained
  std::function<void(const StudentRecord&)> on_scored;     ///< when it has its figures
  std::function<void(const StudentRecord&)> on_judgement;  ///< when it is accepted or not
};

/// Lines of text files, plain or gzipped, blank ones left out. @throws Error{not_found, corrupt}
std::vector<std::string> read_queries(std::span<const std::filesystem::path> files);

/// Runs the descent (see `descend`). The run folder then holds `ledger.jsonl` (a line for the
/// original and one per attempt), `attempts/NN-L-layers-from-X/` (a training's run folder each) and
/// `model`, in which the code encoder is a copy of the original's: its indexes stay valid.
/// With `training.resume`, attempts that were finished are taken over as they are.
/// @throws what Trainer::train_dual throws; Error{invalid_argument} if the folder holds another run
DistillReport distill(const DistillOptions& options, const DistillData& data,
                      const DistillHooks& hooks = {});

}  // namespace spencer
