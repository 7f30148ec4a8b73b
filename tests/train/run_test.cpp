// Whole runs on the tiny model: what they leave behind, and going on after a break.
#include <cmath>
#include <fstream>
#include <limits>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/model/cross_encoder.h"
#include "spencer/model/dual_encoder.h"
#include "spencer/nn/layers.h"
#include "spencer/nn/safetensors.h"
#include "spencer/train/trainer.h"

#include "bfloat16.h"
#include "rounding.h"
#include "train/dual_objective.h"
#include "train/run_test_support.h"
#include "train/train_test_support.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

struct TinyRun {
  TinyModel model;
  ScratchFolder output;
  PairSet pairs = word_pairs(40);

  fs::path folder() const { return output.path() / "run"; }
  DualOptions dual() const {
    DualOptions options;
    set_reference_options(options, folder());
    options.model = model.path();
    options.dropout.reset();  // 0.1, as the model says
    options.batch_size = 8;
    options.save_every = 3;
    return options;
  }
  CrossOptions cross() const {
    CrossOptions options;
    set_reference_options(options, folder());
    options.model = model.path();
    options.random_negatives = true;
    options.batch_size = 4;
    options.save_every = 3;
    return options;
  }
  std::vector<nlohmann::json> metrics() const {
    std::vector<nlohmann::json> lines;
    std::ifstream in(folder() / "metrics.jsonl");
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }
};

/// Pairs of codes, longer than the queries in words.
PairSet code_pairs(int count) {
  PairSet pairs;
  for (int i = 0; i < count; ++i) {
    const auto word = [](int n) { return "w" + std::to_string(31 + n % 65); };
    const std::string code = word(i) + " " + word(5 * i + 2) + " " + word(7 * i + 3);
    pairs.add({"code pair " + std::to_string(i), code, word(2 * i) + " " + code});
  }
  return pairs;
}

/// Of the tiny model's vectors as it is trained and as it is read: three layers and a head each.
const double kBothErrors = 2 * states_error(3 + 1, 48);

const std::vector<ValidationFigures> kHalf{{{"mrr", 0.5}}};

/// Figures that fall from step to step, but for the third validation.
DualValidator scripted(const std::vector<double>& figures, std::vector<int>* calls = nullptr) {
  auto call = std::make_shared<std::size_t>(0);
  return [=](const LiveDualEncoder& model) {
    std::vector<std::string> texts{"w40 w41", "w50"};
    std::vector<float> out(texts.size() * static_cast<std::size_t>(model.dimension));
    model.encode_queries(texts, out);
    EXPECT_NEAR(at::norm(at::tensor(out)).item<double>(), std::sqrt(2.0), chain_error(3, 64))
        << "two unit vectors";
    if (calls != nullptr) calls->push_back(static_cast<int>(*call));
    return std::vector<ValidationFigures>{{{"mrr", figures.at((*call)++)}}};
  };
}

TEST(TrainingRun, LeavesAModelThatEncodesAsTheLiveOneDid) {
  const TinyRun run;
  std::vector<float> live(2 * 32);
  const std::vector<std::string> texts{"w40 w41", "w50 w51 w52"};
  DualOptions options = run.dual();
  const TrainReport report = load_trainer().train_dual(options, run.pairs,
                                                       [&](const LiveDualEncoder& model) {
                                                         model.encode_codes(texts, live);
                                                         return kHalf;
                                                       },
                                                       {});
  EXPECT_EQ(report.steps, 20);
  EXPECT_EQ(report.best_step, 0) << "nothing was better than the start";
  EngineOptions engine;
  engine.device = "cpu";
  engine.precision = Precision::float32;
  const std::vector<float> saved =
      DualEncoder::open(run.folder() / "last", engine)->encode_codes(texts);
  EXPECT_LE(relative_difference(at::tensor(saved), at::tensor(live)), kBothErrors);
  const ModelFolder folder = ModelFolder::open(report.model);
  EXPECT_TRUE(folder.normalize);
  EXPECT_EQ(folder.labels, 0);
}

TEST(TrainingRun, KeepsTheBestWeightsAndStopsWhenNothingGetsBetter) {
  const TinyRun run;
  DualOptions options = run.dual();
  options.valid_every = 2;
  options.patience = 2;
  std::vector<ValidationReport> reports;
  TrainHooks hooks;
  hooks.on_validation = [&](const ValidationReport& report) { reports.push_back(report); };
  const TrainReport report = load_trainer().train_dual(
      options, run.pairs, scripted({0.1, 0.2, 0.5, 0.4, 0.3, 0.9}), hooks);
  EXPECT_TRUE(report.stopped_early);
  EXPECT_EQ(report.steps, 8);
  EXPECT_EQ(report.best_step, 4);
  ASSERT_EQ(reports.size(), 5U);
  EXPECT_TRUE(reports[2].best);
  EXPECT_FALSE(reports[3].best);
  EXPECT_EQ(fs::read_symlink(run.folder() / "model"), "best");
  EXPECT_EQ(run.metrics().back().at("step"), 8);
}

TEST(TrainingRun, ResumedEndsWithTheWeightsOfAnUnbrokenOneBitForBit) {
  const TinyRun whole, broken;
  const auto options_of = [](const TinyRun& run) {
    DualOptions options = run.dual();
    options.mining.count = 2;  // with everything that is kept between steps
    options.mining.every = 6;
    options.mining.to = 10;
    options.learn_scale = true;
    options.ema = 0.9;
    options.accumulation = 2;
    return options;
  };
  load_trainer().train_dual(options_of(whole), whole.pairs, {}, {});
  DualOptions options = options_of(broken);
  const auto train = [&](const DualOptions& o, const TrainHooks& hooks) {
    load_trainer().train_dual(o, broken.pairs, {}, hooks);
  };
  interrupt_after(4, options, train);
  options.resume = true;
  interrupt_after(11, options, train);
  load_trainer().train_dual(options, broken.pairs, {}, {});
  expect_equal_weights(whole.folder() / "model", broken.folder() / "model");
  const auto lines = broken.metrics();
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_LT(lines[i - 1].at("step"), lines[i].at("step")) << "no step is recorded twice";
  }
}

TEST(TrainingRun, ResumedItKeepsThePrecisionItSettledFor) {
  for (const Precision settled : {Precision::float32, Precision::bfloat16}) {
    const TinyRun run;
    DualOptions options = run.dual();
    options.engine.precision = settled;
    if (settled == Precision::bfloat16 &&
        !computed_in_bfloat16([] { require_bfloat16(at::kCPU); })) {
      return;
    }
    interrupt_after(4, options, [&](const DualOptions& o, const TrainHooks& hooks) {
      load_trainer().train_dual(o, run.pairs, {}, hooks);
    });
    options.resume = true;
    options.engine.precision = Precision::automatic;
    EXPECT_EQ(load_trainer().train_dual(options, run.pairs, {}, {}).steps, options.max_steps);
  }
}

/// Rewrites a checkpoint as one of a run in bfloat16.
void claim_bfloat16(const fs::path& file) {
  NamedTensors tensors;
  const Weights weights = Weights::open_file(file);
  for (const std::string& name : weights.names()) {
    tensors.emplace_back(name, weights.tensor(name).clone());
    if (name != "spencer.state") continue;
    at::Tensor& bytes = tensors.back().second;
    std::string state(static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes());
    state.replace(state.find("float32"), 7, "bfloat16");
    bytes = at::tensor(std::vector<std::uint8_t>(state.begin(), state.end()));
  }
  write_safetensors(file, tensors);
}

TEST(TrainingRun, InBfloat16IsRefusedAtItsStartAndResumedOnALesserCpu) {
  const ProcessesWithoutAvx512 limited;
  EXPECT_EXIT(exit_refused([] {
                const TinyRun run;
                DualOptions options = run.dual();
                options.engine.precision = Precision::bfloat16;
                load_trainer().train_dual(options, run.pairs, {}, {});
              }),
              ::testing::ExitedWithCode(0), ::testing::HasSubstr(kBfloat16Refusal));
  EXPECT_EXIT(exit_refused([] {
                const TinyRun run;
                DualOptions options = run.dual();
                load_trainer().train_dual(options, run.pairs, {}, {});
                claim_bfloat16(run.folder() / "checkpoint.safetensors");
                options.resume = true;
                options.engine.precision = Precision::automatic;
                load_trainer().train_dual(options, run.pairs, {}, {});
              }),
              ::testing::ExitedWithCode(0), ::testing::HasSubstr(kBfloat16Refusal));
}

TEST(TrainingRun, CodePairsAreMixedInAndResumeBitForBit) {
  const TinyRun whole, broken;
  const PairSet codes = code_pairs(30);
  const auto options_of = [](const TinyRun& run) {
    DualOptions options = run.dual();
    options.code_pair_share = 0.5;
    options.mining.count = 2;
    options.mining.every = 6;
    options.mining.to = 10;
    return options;
  };
  load_trainer().train_dual(options_of(whole), {whole.pairs, codes}, {}, {});
  DualOptions options = options_of(broken);
  interrupt_after(7, options, [&](const DualOptions& o, const TrainHooks& hooks) {
    load_trainer().train_dual(o, {broken.pairs, codes}, {}, hooks);
  });
  options.resume = true;
  options.code_pair_share = 0.25;
  EXPECT_NE(refusal(
                [&] {
                  load_trainer().train_dual(options, {broken.pairs, codes}, {}, {});
                },
                ErrorKind::invalid_argument)
                .find("share of code pairs"),
            std::string::npos);
  options.code_pair_share = 0.5;
  EXPECT_NE(refusal([&] { load_trainer().train_dual(options, broken.pairs, {}, {}); },
                    ErrorKind::invalid_argument)
                .find("code pairs"),
            std::string::npos);
  load_trainer().train_dual(options, {broken.pairs, codes}, {}, {});
  expect_equal_weights(whole.folder() / "model", broken.folder() / "model");
}

/// The batches an objective would train on.
std::vector<std::unique_ptr<DualObjective::Batch>> batches(const DualObjective& objective,
                                                           std::int64_t count) {
  std::vector<std::unique_ptr<DualObjective::Batch>> all;
  for (std::int64_t number = 0; number < count; ++number) {
    auto* batch = dynamic_cast<DualObjective::Batch*>(objective.prepare(number).release());
    all.emplace_back(batch);
  }
  return all;
}

TEST(TrainingRun, CodesThatAskAreReadAsCodesAreAndOfOneKindPerBatch) {
  const TinyRun run;
  const PairSet codes = code_pairs(30);
  DualOptions options = run.dual();
  options.code_pair_share = 0.25;
  options.query_prefix = "a ";
  options.code_prefix = "b c ";
  options.query_length = 4;
  options.code_length = 5;
  const DualObjective objective(options, {run.pairs, codes}, {}, {}, at::kCPU);
  EXPECT_EQ(objective.batches_per_epoch(), 7) << "40 pairs in 5 batches are three quarters";
  int of_codes = 0;
  for (const auto& batch : batches(objective, 20)) {
    of_codes += batch->code_queries ? 1 : 0;
    const std::string kind = batch->code_queries ? "code pair " : "pair ";
    for (const std::string& id : batch->ids) EXPECT_TRUE(id.starts_with(kind)) << id;
    for (const TokenSequence* query : batch->queries) {
      EXPECT_EQ(query->ids.size(), batch->code_queries ? 5U : 4U);
      EXPECT_EQ(query->ids[1], batch->code_queries ? 6 : 5) << "[CLS], then the prefix";
    }
    for (const TokenSequence* code : batch->codes) EXPECT_EQ(code->ids[1], 6);
  }
  EXPECT_EQ(of_codes, 5);
}

TEST(TrainingRun, CodePairsAloneTrainTheCodeTowerAlone) {
  const TinyRun run;
  const PairSet none, codes = code_pairs(30);
  DualOptions options = run.dual();
  options.separate_towers = true;
  DualObjective objective(options, {none, codes}, {}, {}, at::kCPU);
  EXPECT_EQ(objective.batches_per_epoch(), 4);
  objective.backward(*objective.prepare(0), 1, 0);
  for (const TrainedParameter& parameter : objective.parameters()) {
    const bool touched = parameter.value.grad().defined();
    const bool pooler = parameter.name.find("pooler") != std::string::npos;
    EXPECT_EQ(touched, parameter.name.starts_with("code.") && !pooler) << parameter.name;
  }
}

TEST(TrainingRun, PrefixesAreSavedAndReadAgain) {
  const TinyRun run;
  DualOptions options = run.dual();
  options.query_prefix = "w40 ";
  options.code_prefix = "w41 ";
  std::vector<float> live(32);
  load_trainer().train_dual(options, run.pairs,
                            [&](const LiveDualEncoder& model) {
                              model.encode_queries(std::vector<std::string>{"w50 w51"}, live);
                              return kHalf;
                            },
                            {});
  EngineOptions engine;
  engine.device = "cpu";
  engine.precision = Precision::float32;
  const auto saved = DualEncoder::open(run.folder() / "last", engine);
  EXPECT_EQ(saved->query_folder().query_prefix, "w40 ");
  EXPECT_EQ(saved->code_folder().code_prefix, "w41 ");
  const std::vector<float> vector = saved->encode_queries({"w50 w51"});
  EXPECT_LE(relative_difference(at::tensor(vector), at::tensor(live)), kBothErrors);
  EXPECT_EQ(saved->tokenize_query("w50").ids, (TokenIds{2, 40, 50, 3}));
  EXPECT_EQ(saved->tokenize_code("w50").ids, (TokenIds{2, 41, 50, 3}));
}

TEST(TrainingRun, ACrossEncoderResumesToo) {
  const TinyRun whole, broken;
  load_trainer().train_cross(whole.cross(), whole.pairs, {}, {});
  CrossOptions options = broken.cross();
  const auto train = [&](const CrossOptions& o, const TrainHooks& hooks) {
    load_trainer().train_cross(o, broken.pairs, {}, hooks);
  };
  interrupt_after(7, options, train);
  options.resume = true;
  load_trainer().train_cross(options, broken.pairs, {}, {});
  expect_equal_weights(whole.folder() / "model", broken.folder() / "model");
  EngineOptions engine;
  engine.device = "cpu";
  const auto encoder = CrossEncoder::open(broken.folder() / "model", engine);
  EXPECT_EQ(encoder->score("w40", std::vector<std::string>{"w41", "w42"}).size(), 2U);
}

TEST(TrainingRun, ARunIsNotOverwrittenAndNotMixedWithAnother) {
  const TinyRun run;
  DualOptions options = run.dual();
  load_trainer().train_dual(options, run.pairs, {}, {});
  const auto again = [&] { load_trainer().train_dual(options, run.pairs, {}, {}); };
  EXPECT_NE(refusal(again, ErrorKind::invalid_argument).find("--resume"), std::string::npos);
  options.resume = true;
  options.batch_size = 4;
  EXPECT_NE(refusal(again, ErrorKind::invalid_argument).find("batch size is 8, here it is 4"),
            std::string::npos);
  options.batch_size = 8;
  const PairSet others = word_pairs(30);
  EXPECT_NE(refusal([&] { load_trainer().train_dual(options, others, {}, {}); },
                    ErrorKind::invalid_argument)
                .find("data"),
            std::string::npos);
}

TEST(TrainingRun, ADamagedCheckpointIsRefused) {
  const TinyRun run;
  DualOptions options = run.dual();
  load_trainer().train_dual(options, run.pairs, {}, {});
  fs::resize_file(run.folder() / "checkpoint.safetensors", 5000);
  options.resume = true;
  refusal([&] { load_trainer().train_dual(options, run.pairs, {}, {}); }, ErrorKind::corrupt);
}

TEST(TrainingRun, DivergenceStopsWithStepAndPairs) {
  const TinyRun run;
  DualOptions options = run.dual();
  options.learning_rate = 1e30;
  options.warmup = 0;
  options.max_gradient_norm = 0;
  const std::string message =
      refusal([&] { load_trainer().train_dual(options, run.pairs, {}, {}); }, ErrorKind::corrupt);
  EXPECT_NE(message.find("diverged at step"), std::string::npos) << message;
  EXPECT_NE(message.find("pair "), std::string::npos) << message;
  EXPECT_NE(message.find("--learning-rate"), std::string::npos) << message;
}

TEST(TrainingRun, StartsFromAConfigurationAlone) {
  const TinyRun run;
  fs::remove(run.model.path() / "model.safetensors");
  DualOptions options = run.dual();
  options.separate_towers = true;
  load_trainer().train_dual(options, run.pairs, {}, {});
  const auto model = DualEncoder::open(run.folder() / "model");
  EXPECT_NE(model->query_folder().path, model->code_folder().path);
  EXPECT_EQ(model->encode_queries({"w40"}).size(), 32U);
}

TEST(TrainingRun, ExitsAreTrainedTogetherAndReadOneByOne) {
  const TinyRun run;
  DualOptions options = run.dual();
  options.exits = {1, 3};
  options.self_distill = true;
  const std::vector<std::string> texts{"w40 w41", "w50 w51 w52"};
  std::vector<float> live(2 * 2 * 32);
  const TrainReport report = load_trainer().train_dual(
      options, run.pairs,
      [&](const LiveDualEncoder& model) {
        model.encode_codes(texts, live);
        return std::vector<ValidationFigures>{{{"mrr", 0.75}}, {{"mrr", 0.25}}};
      },
      {});
  EXPECT_EQ(report.best.at(0), (std::pair<std::string, double>("mrr", 0.5)));
  EXPECT_EQ(report.best.at(1).first, "exit_1_mrr");
  EngineOptions engine;
  engine.device = "cpu";
  engine.precision = Precision::float32;
  for (const int exit : {1, 3}) {
    engine.exit_layer = exit;
    const auto saved = DualEncoder::open(run.folder() / "last", engine)->encode_codes(texts);
    const auto size = static_cast<std::int64_t>(saved.size());
    const at::Tensor expected = at::tensor(live).narrow(0, exit == 1 ? 0 : size, size);
    EXPECT_LE(relative_difference(at::tensor(saved), expected), kBothErrors) << exit;
  }
  engine.exit_layer = 2;
  EXPECT_THROW(DualEncoder::open(run.folder() / "last", engine), Error);
}

TEST(TrainingRun, CudaAskedForAndAbsentIsRefused) {
  if (fs::exists("/dev/nvidia0")) GTEST_SKIP() << "there is a CUDA device";
  const TinyRun run;
  DualOptions options = run.dual();
  options.engine.device = "cuda";
  refusal([&] { load_trainer().train_dual(options, run.pairs, {}, {}); }, ErrorKind::unsupported);
  EXPECT_FALSE(fs::exists(run.folder() / "metrics.jsonl"));
}

}  // namespace
}  // namespace spencer
