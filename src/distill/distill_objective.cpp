#include "distill/distill_objective.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "spencer/base/error.h"
#include "spencer/base/hash.h"
#include "spencer/distill/loss.h"
#include "spencer/model/prefix.h"
#include "spencer/train/batch_plan.h"

#include "train/model_writer.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

/// The matrix as it lies there. @throws Error{shape}
at::Tensor view_of(std::span<const float> vectors, std::size_t rows, std::int64_t dimension,
                   const char* what) {
  const auto count = static_cast<std::int64_t>(rows);
  if (static_cast<std::int64_t>(vectors.size()) != count * dimension) {
    throw Error(ErrorKind::shape, std::string("the teacher's ") + what + " vectors are " +
                                      std::to_string(vectors.size()) + " numbers, not " +
                                      std::to_string(count) + " vectors of the student's " +
                                      std::to_string(dimension) + " dimensions");
  }
  return at::from_blob(const_cast<float*>(vectors.data()), {count, dimension}, at::kFloat);
}

at::Tensor unit_rows(const at::Tensor& vectors, const std::vector<std::int64_t>& positions) {
  return normalize_rows(vectors.index_select(0, at::tensor(positions, at::kLong)));
}

std::string checksum_of(std::span<const float> vectors) {
  return hash128({reinterpret_cast<const char*>(vectors.data()), vectors.size_bytes()}).hex();
}

}  // namespace

DistillObjective::DistillObjective(const StudentOptions& options, const fs::path& start,
                                   const Lesson& lesson, QueryValidator validate,
                                   const TrainHooks& hooks, at::Device device)
    : options_(options), lesson_(lesson), validate_(std::move(validate)), hooks_(hooks) {
  const ModelFolder folder = ModelFolder::open(start);
  options_.extra =
      std::min(options_.extra_per_batch(), static_cast<std::int64_t>(lesson.extra.size()));
  plan_ = std::make_unique<BatchPlan>(lesson.pairs, options.batch_size, options.seed,
                                      /*distinct=*/true);
  query_vectors_ =
      view_of(lesson.queries, lesson.pairs.queries().size(), folder.hidden_size, "query");
  code_vectors_ = view_of(lesson.codes, lesson.pairs.codes().size(), folder.hidden_size, "code");
  extra_vectors_ =
      view_of(lesson.extra_vectors, lesson.extra.size(), folder.hidden_size, "extra query");
  tokenizer_ = Tokenizer::load(start);
  query_prefix_ = folder.query_prefix;
  queries_ = tokenize(lesson.pairs.queries());
  extra_ = tokenize(lesson.extra);
  tower_ = std::make_unique<Tower>(folder, options, device);
}

DistillObjective::~DistillObjective() = default;

std::vector<TokenSequence> DistillObjective::tokenize(std::span<const std::string> texts) const {
  std::vector<TokenSequence> sequences;
  sequences.reserve(texts.size());
  for (const std::string& text : texts) {
    sequences.push_back(encode_prefixed(*tokenizer_, query_prefix_, text, options_.query_length));
  }
  return sequences;
}

std::vector<TrainedParameter> DistillObjective::parameters() const { return tower_->parameters(); }

std::int64_t DistillObjective::batches_per_epoch() const { return plan_->batches_per_epoch(); }

std::unique_ptr<TrainingBatch> DistillObjective::prepare(std::int64_t number) const {
  auto batch = std::make_unique<Batch>();
  std::vector<std::int64_t> queries, codes, extra;
  for (const std::int32_t position : plan_->batch(number)) {
    const TrainingPair& pair = lesson_.pairs.pairs()[static_cast<std::size_t>(position)];
    batch->ids.push_back(pair.id);
    queries.push_back(pair.query);
    codes.push_back(pair.code);
  }
  for (std::int64_t i = 0; i < options_.extra; ++i) {
    extra.push_back((number * options_.extra + i) %
                    static_cast<std::int64_t>(lesson_.extra.size()));
  }
  batch->pairs = static_cast<std::int64_t>(queries.size());
  const auto add = [&](const TokenSequence& text) {
    batch->queries.push_back(&text);
    batch->tokens += static_cast<std::int64_t>(text.ids.size());
  };
  for (const std::int64_t q : queries) add(queries_[static_cast<std::size_t>(q)]);
  for (const std::int64_t e : extra) add(extra_[static_cast<std::size_t>(e)]);
  batch->codes = unit_rows(code_vectors_, codes);
  batch->teacher = unit_rows(query_vectors_, queries);
  if (!extra.empty()) {
    batch->teacher = at::cat({batch->teacher, unit_rows(extra_vectors_, extra)});
  }
  return batch;
}

LossTerms DistillObjective::backward(const TrainingBatch& prepared, double weight,
                                     std::uint64_t seed) {
  const auto& batch = dynamic_cast<const Batch&>(prepared);
  EncodedTexts queries(*tower_, batch.queries, options_.chunk_size, seed);
  const at::Device device = tower_->device();
  const TaughtBatch taught{batch.teacher.to(device), normalize_rows(queries.vectors().select(1, 0)),
                           batch.codes.to(device)};
  LossTerms terms;
  std::vector<at::Tensor> losses;
  const auto add = [&](const char* name, double of_term, const auto& loss_of) {
    if (of_term == 0) return;
    losses.push_back(of_term * loss_of(taught));
    terms.emplace_back(name, losses.back().template item<double>());
  };
  add("dual", options_.dual_weight, dual_modality_loss);
  add("single", options_.single_weight, single_modality_loss);
  torch::autograd::backward({weight * at::stack(losses).sum()}, {});
  queries.backward();
  return terms;
}

ValidationFigures DistillObjective::validate() {
  if (!validate_) return {};
  return validate_([this](std::span<const std::string> texts, std::span<float> out) {
    const at::Tensor vectors = encode(*tower_, tokenize(texts));
    std::copy_n(vectors.const_data_ptr<float>(), out.size(), out.data());
  });
}

RunIdentity DistillObjective::identity() const {
  return {{"objective", "distill"},
          {"student", tower_->fingerprint()},
          {"precision", tower_->precision()},
          {"data", lesson_.pairs.checksum()},
          {"teacher's query vectors", checksum_of(lesson_.queries)},
          {"teacher's code vectors", checksum_of(lesson_.codes)},
          {"queries without a code",
           std::to_string(options_.extra) + " per batch of " + checksum_of(lesson_.extra_vectors)},
          {"loss weights", std::to_string(options_.dual_weight) + " dual, " +
                               std::to_string(options_.single_weight) + " single"},
          {"query length", std::to_string(options_.query_length)}};
}

void DistillObjective::save(const fs::path& folder) const {
  write_encoder_folder(folder, tower_->folder(), tower_->weights(), {}, options_.query_length);
}

}  // namespace spencer
