#include "spencer/distill/distiller.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/eval/vector_cache.h"
#include "spencer/model/encode_blocks.h"
#include "spencer/train/batch_plan.h"

#include "dataset/text_source.h"
#include "distill/held_out.h"
#include "distill/identity.h"
#include "distill/ledger.h"
#include "distill/query_timer.h"
#include "distill/result_folder.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

/// "03-6-layers-from-01", "01-9-layers-from-original"
std::string folder_name(const Attempt& attempt) {
  char text[64];
  std::snprintf(text, sizeof text, "%02d-%d-layers-from-", static_cast<int>(attempt.number),
                static_cast<int>(attempt.layers));
  if (attempt.teacher == kOriginal) return std::string(text) + "original";
  char teacher[16];
  std::snprintf(teacher, sizeof teacher, "%02d", static_cast<int>(attempt.teacher));
  return std::string(text) + teacher;
}

/// Every n-th, so that `count` are left.
std::vector<std::string> spread(const std::vector<std::string>& all, std::int64_t count) {
  const std::size_t kept = std::min(all.size(), static_cast<std::size_t>(count));
  std::vector<std::string> some;
  for (std::size_t i = 0; i < kept; ++i) some.push_back(all[i * all.size() / kept]);
  return some;
}

LiveDualEncoder::Encode queries_of(DualEncoder& encoder) {
  return [&encoder](std::span<const std::string> texts, std::span<float> out) {
    encoder.encode_queries(texts, out);
  };
}

/// The queries without a code in a random order, and no more than a student's batches hold: those
/// that no batch would draw need no vector.
std::vector<std::string> drawn_extra(const StudentOptions& options, const DistillData& data) {
  const BatchPlan plan(data.pairs, options.batch_size, options.seed, /*distinct=*/true);
  const std::int64_t batches =
      options.optimizer_steps(plan.batches_per_epoch()) * options.accumulation;
  auto order = shuffled(data.extra.size(), options.seed);
  const auto drawn = static_cast<std::size_t>(batches * options.extra_per_batch());
  if (drawn < order.size()) order.resize(drawn);
  std::vector<std::string> extra;
  for (const std::int32_t position : order) {
    extra.push_back(data.extra[static_cast<std::size_t>(position)]);
  }
  return extra;
}

class Distiller {
 public:
  Distiller(const DistillOptions& options, const DistillData& data, const DistillHooks& hooks)
      : options_(options), data_(data), hooks_(hooks), root_(options.training.output) {
    parts_ = TwoStageFolder::open(options_.model);
    if (!options_.reranker.empty()) {
      parts_.reranker = options_.reranker;
      parts_.reranker_length = options_.reranker_length;
      parts_.recall_weight = 0;
    }
    if (options_.recall_weight) parts_.recall_weight = *options_.recall_weight;
    original_ = DualEncoder::open(options_.model, options_.training.engine,
                                  {options_.training.query_length, options_.code_length});
    options_.training.query_length = parts_.query_length = original_->query_length();
    parts_.code_length = original_->code_length();
    refuse_exits();
    sizes_ = sizes();
    if (!parts_.reranker.empty()) {
      reranker_ =
          CrossEncoder::open(parts_.reranker, options_.training.engine, parts_.reranker_length);
    }
  }

  DistillReport run() {
    open_folder();
    held_out_.emplace(data_.held_out,
                      code_vectors("held-out codes", texts_of(data_.held_out.codes)),
                      original_->dimension(), reranker_.get(), rerank_options(), hooks_);
    timer_.emplace(options_.model, options_.training.engine, original_->query_length(),
                   spread(held_out_->queries(), options_.timed_queries));
    const fs::path original = root_ / "original.json";
    if (!fs::exists(original)) {
      write_file_atomically(original, ledger_line(judge_original()) + "\n");
    }
    records_.push_back(read_record(original));
    write_ledger(root_ / "ledger.jsonl", records_);
    if (hooks_.on_original) hooks_.on_original(records_.front());
    const Descent descent = descend(
        sizes_, options_.descent, records_.front().overall(),
        [this](const Attempt& next) { return attempt(next); },
        [this](const Judgement& judgement) { judged(judgement); });
    return finish(descent.result);
  }

 private:
  void refuse_exits() const {
    const ModelFolder& folder = original_->query_folder();
    if (folder.exits.empty()) return;
    throw Error(ErrorKind::unsupported,
                folder.path.string() +
                    " is read at exits of its own, which a student cannot take over; search it at "
                    "a lower one (--exit) in place of distilling it");
  }

  RerankOptions rerank_options() const {
    return {.depth = options_.rerank_depth, .recall_weight = parts_.recall_weight};
  }

  std::int64_t original_layers() const {
    return original_->query_folder().resolve_exit(original_->exit_layer());
  }

  std::vector<std::int64_t> sizes() const {
    const std::int64_t layers = original_layers();
    if (options_.layers.empty()) return student_sizes(layers, options_.descent);
    if (options_.layers.back() > layers) {
      throw Error(ErrorKind::invalid_argument, "layer " + std::to_string(options_.layers.back()) +
                                                   " is named (--layers); the query encoder has " +
                                                   std::to_string(layers));
    }
    return {static_cast<std::int64_t>(options_.layers.size())};
  }

  /// Takes the folder, and checks that what lies in it is of this run.
  void open_folder() {
    std::error_code error;
    fs::create_directories(root_ / "attempts", error);
    if (error) {
      throw Error(ErrorKind::io, "cannot make folder " + root_.string() + ": " + error.message());
    }
    lock_.emplace(root_ / "lock", "another process distils in " + root_.string());
    check_identity(root_,
                   identity_of(options_, rerank_options(), data_, *original_, reranker_.get()),
                   options_.training.resume);
  }

  StudentRecord judge_original() {
    StudentRecord record;
    record.judgement.attempt.layers = original_layers();
    record.stages = held_out_->judge(
        encode_blocks(held_out_->queries(), original_->dimension(), queries_of(*original_),
                      "encode held-out queries", hooks_.progress, hooks_.stop));
    record.query_encode_ms = record.original_query_encode_ms = timer_->measure();
    record.judgement.outcome = {record.overall(), 1};
    return record;
  }

  fs::path model_of(std::int64_t number) const {
    return number == kOriginal
               ? original_->query_folder().path
               : root_ / records_[static_cast<std::size_t>(number)].folder / "model";
  }

  std::unique_ptr<DualEncoder> open_student(const fs::path& folder) const {
    return DualEncoder::open(folder, options_.training.engine, {options_.training.query_length, 0});
  }

  Outcome attempt(const Attempt& next) {
    const fs::path folder = fs::path("attempts") / folder_name(next);
    const fs::path result = root_ / folder / "result.json";
    if (hooks_.on_attempt) hooks_.on_attempt(next);
    if (!fs::exists(result)) {
      StudentRecord record = train(next, folder);
      judge(record);
      write_file_atomically(result, ledger_line(record) + "\n");
    }
    for (const char* left_over : {"start", "last", "checkpoint.safetensors"}) {
      fs::remove_all(root_ / folder / left_over);
    }
    records_.push_back(read_record(result));
    if (hooks_.on_scored) hooks_.on_scored(records_.back());
    return records_.back().judgement.outcome;
  }

  StudentRecord train(const Attempt& next, const fs::path& folder) {
    StudentOptions options = options_.training;
    options.output = root_ / folder;
    options.resume = true;
    options.teacher = model_of(next.teacher);
    const std::int64_t from =
        next.teacher == kOriginal ? original_layers() : layers_of(next.teacher);
    options.layers = choose_layers(options_.rule, from, next.layers);
    if (!options_.layers.empty()) {
      options.layers.clear();
      for (const std::int64_t layer : options_.layers) options.layers.push_back(layer - 1);
    }
    if (code_vectors_.empty()) {
      code_vectors_ = code_vectors("training codes", data_.pairs.codes());
      extra_ = drawn_extra(options, data_);
    }
    const auto teacher = next.teacher == kOriginal ? nullptr : open_student(options.teacher);
    const auto vectors = [&](const char* what, std::span<const std::string> texts) {
      return kept_vectors(std::string(what) + " by " + std::to_string(next.teacher), texts,
                          queries_of(teacher ? *teacher : *original_));
    };
    const std::vector<float> queries = vectors("training queries", data_.pairs.queries());
    const std::vector<float> extra = vectors("extra queries", extra_);
    const auto validate = [&](const LiveDualEncoder::Encode& student) {
      return held_out_->recall(encode_blocks(held_out_->queries(), original_->dimension(), student,
                                             "validate", nullptr, nullptr));
    };
    const TrainReport report = load_student_trainer().train(
        options, {data_.pairs, queries, code_vectors_, extra_, extra}, validate, hooks_);
    StudentRecord record;
    record.judgement.attempt = next;
    record.folder = folder;
    record.dual_weight = options.dual_weight;
    record.single_weight = options.single_weight;
    record.steps = report.steps;
    record.seconds = report.seconds;
    return record;
  }

  void judge(StudentRecord& record) {
    const fs::path model = root_ / record.folder / "model";
    const auto student = open_student(model);
    record.stages = held_out_->judge(encode_blocks(held_out_->queries(), original_->dimension(),
                                                   queries_of(*student), "encode held-out queries",
                                                   hooks_.progress, hooks_.stop));
    const QueryTimer::Times times = timer_->measure(model);
    record.query_encode_ms = times.student_ms;
    record.original_query_encode_ms = times.original_ms;
    record.kept = record.overall() / records_.front().overall();
    record.judgement.outcome = {record.overall(), times.speedup()};
  }

  void judged(const Judgement& judgement) {
    const auto number = static_cast<std::size_t>(judgement.attempt.number);
    records_[number].judgement = judgement;
    write_ledger(root_ / "ledger.jsonl",
                 {records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(number) + 1});
    if (hooks_.on_judgement) hooks_.on_judgement(records_[number]);
  }

  std::int64_t layers_of(std::int64_t number) const {
    return records_[static_cast<std::size_t>(number)].judgement.attempt.layers;
  }

  /// Vectors that are made once and kept in the run's folder until it is done: a resumed run goes
  /// on with the same ones, bit for bit. @param name what and whose, for people too
  std::vector<float> kept_vectors(const std::string& name, std::span<const std::string> texts,
                                  const LiveDualEncoder::Encode& encode) const {
    if (texts.empty()) return {};
    const VectorCache cache(root_ / "vectors");
    std::string content = name + "\n";
    for (const std::string& text : texts) content += hash128(text).hex();
    const Hash128 key = hash128(content);
    const auto rows = static_cast<std::int64_t>(texts.size());
    if (auto kept = cache.load(key, rows, original_->dimension())) return std::move(*kept);
    const std::vector<float> vectors =
        encode_blocks(texts, original_->dimension(), encode, ("encode " + name).c_str(),
                      hooks_.progress, hooks_.stop);
    cache.store(key, vectors, original_->dimension());
    return vectors;
  }

  std::vector<float> code_vectors(const char* what, std::span<const std::string> texts) const {
    return kept_vectors(what, texts,
                        [this](std::span<const std::string> some, std::span<float> out) {
                          original_->encode_codes(some, out);
                        });
  }

  DistillReport finish(std::int64_t result) {
    TwoStageFolder parts = parts_;
    parts.query_encoder = result == kOriginal ? parts_.query_encoder : model_of(result);
    write_two_stage_model(root_ / "model", parts);
    fs::remove_all(root_ / "vectors");
    return {records_.front(), {records_.begin() + 1, records_.end()}, result, root_ / "model"};
  }

  DistillOptions options_;
  const DistillData& data_;
  const DistillHooks& hooks_;
  fs::path root_;
  TwoStageFolder parts_;  // of the original, the reranker chosen and the lengths resolved
  std::unique_ptr<DualEncoder> original_;
  std::unique_ptr<CrossEncoder> reranker_;
  std::vector<std::int64_t> sizes_;
  std::optional<FileLock> lock_;
  std::optional<HeldOut> held_out_;
  std::optional<QueryTimer> timer_;
  std::vector<float> code_vectors_;     // of the training pairs; made for the first student
  std::vector<std::string> extra_;      // likewise
  std::vector<StudentRecord> records_;  // by number; the original first
};

}  // namespace

void DistillOptions::validate() const {
  training.validate();
  descent.validate();
  const auto require = [](bool holds, const std::string& what) {
    if (!holds) throw Error(ErrorKind::invalid_argument, what);
  };
  RerankOptions{.depth = rerank_depth, .recall_weight = recall_weight.value_or(0)}.validate();
  require(timed_queries >= 1,
          "timed queries are " + std::to_string(timed_queries) + "; they must be 1 or more");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    require(layers[i] > (i == 0 ? 0 : layers[i - 1]),
            "layers must be counted from 1 and rise, such as 1,4,7,10");
  }
}

std::vector<std::string> read_queries(std::span<const fs::path> files) {
  std::vector<std::string> queries;
  for (const fs::path& file : files) {
    TextSource source(file);
    for (std::string_view line; source.next_line(line);) {
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) queries.emplace_back(line);
    }
  }
  return queries;
}

DistillReport distill(const DistillOptions& options, const DistillData& data,
                      const DistillHooks& hooks) {
  options.validate();
  return Distiller(options, data, hooks).run();
}

}  // namespace spencer
