// A student's losses, gradients and weights against PyTorch's: 20 steps of AdamW.
#include <gtest/gtest.h>

#include "distill/distill_objective.h"
#include "train/model_writer.h"
#include "train/reference_run.h"

namespace spencer {
namespace {

constexpr std::int64_t kLength = 24;

void expect_distill_parity(std::int64_t chunk_size) {
  const Reference reference("distill");
  const TinyModel teacher;
  const ScratchFolder output;
  StudentOptions options;
  set_reference_options(options, output.path() / "run");
  options.chunk_size = chunk_size;
  options.query_length = kLength;
  const std::filesystem::path start = output.path() / "start";
  std::filesystem::create_directories(start);
  const auto layers =
      reference.fields.at("options").at("student_layers").template get<std::int64_t>();
  write_cut_encoder_folder(start, ModelFolder::open(teacher.path()),
                           choose_layers(LayerRule::first, 3, layers), kLength);
  std::vector<std::vector<TokenSequence>> queries;
  for (const json& batch : reference.fields.at("batches")) {
    queries.push_back(sequences(batch.at("queries")));
  }
  const PairSet pairs = word_pairs(6);
  const std::vector<float> zeros(pairs.codes().size() * kDimension);
  const Lesson lesson{
      pairs, std::span(zeros).first(pairs.queries().size() * kDimension), zeros, {}, {}};
  Scripted<DistillObjective> objective(options, start, lesson, QueryValidator(), TrainHooks(),
                                       at::kCPU);
  objective.script = [&](std::int64_t number) {
    const auto step = static_cast<std::size_t>(number) % queries.size();
    auto batch = std::make_unique<DistillObjective::Batch>();
    for (const TokenSequence& text : queries[step]) batch->queries.push_back(&text);
    batch->teacher = reference.tensors.tensor("teacher/" + std::to_string(step));
    batch->codes = reference.tensors.tensor("codes/" + std::to_string(step));
    return batch;
  };
  expect_parity(reference, objective, options, /*scale=*/1);
}

TEST(DistillParity, DualAndSingleModality) { expect_distill_parity(0); }
TEST(DistillParity, InPiecesWithCachedGradients) { expect_distill_parity(2); }

}  // namespace
}  // namespace spencer
