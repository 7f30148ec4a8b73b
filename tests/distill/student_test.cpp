// What a student is cut from, and what it learns from.
#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "spencer/distill/loss.h"
#include "spencer/model/dual_encoder.h"
#include "spencer/nn/encoder.h"
#include "spencer/nn/safetensors.h"

#include "distill/distill_objective.h"
#include "nn/unsplit.h"
#include "rounding.h"
#include "train/model_writer.h"
#include "train/train_test_support.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using Layers = std::vector<std::int64_t>;

constexpr std::int64_t kWidth = 48;  // terms of the tiny models' widest sum
/// Of a loss's terms, which are means of cosines between a student's and a teacher's vectors, each
/// computed in float32.
const double kTermError = similarity_error(1, 2 * states_error(3, kWidth), 32);

TEST(ChooseLayers, TakesTheFirstOrSpreadsThem) {
  EXPECT_EQ(choose_layers(LayerRule::first, 12, 3), (Layers{0, 1, 2}));
  EXPECT_EQ(choose_layers(LayerRule::spread, 12, 3), (Layers{3, 7, 11}));
  EXPECT_EQ(choose_layers(LayerRule::spread, 12, 9), (Layers{0, 1, 3, 4, 5, 7, 8, 9, 11}));
  EXPECT_EQ(choose_layers(LayerRule::spread, 3, 1), (Layers{2}));
}

EngineOptions cpu() {
  EngineOptions options;
  options.device = "cpu";
  options.precision = Precision::float32;
  return options;
}

/// A student of a folder's layers, in a folder of its own.
struct Cut : ScratchFolder {
  Cut(const fs::path& teacher, const Layers& layers) {
    write_cut_encoder_folder(path(), ModelFolder::open(teacher), layers, 24);
  }
};

/// Numbers of the layers whose tensors a folder holds.
std::set<std::string> layers_in(const fs::path& folder, const std::string& mark) {
  std::set<std::string> numbers;
  for (const std::string& name : Weights::open(folder).names()) {
    if (!name.starts_with(mark)) continue;
    numbers.insert(name.substr(mark.size(), name.find('.', mark.size()) - mark.size()));
  }
  return numbers;
}

TEST(CutEncoder, HoldsTheChosenLayersAndNoOthers) {
  const TinyModel teacher;
  const Cut student(teacher.path(), {0, 2});
  EXPECT_EQ(ModelFolder::open(student.path()).layers, 2);
  EXPECT_EQ(layers_in(student.path(), "encoder.layer."), (std::set<std::string>{"0", "1"}));
  const Weights from = Weights::open(teacher.path()), to = Weights::open(student.path());
  const std::string prefix = encoder_prefix(from);
  for (const char* name : {"attention.self.query.weight", "output.LayerNorm.bias"}) {
    EXPECT_TRUE(at::equal(to.tensor(std::string("encoder.layer.1.") + name),
                          from.tensor(prefix + "encoder.layer.2." + name)));
  }
}

TEST(CutEncoder, IsTheTeachersExitAtThatLayerInEveryFamily) {
  const std::vector<TokenSequence> texts{{{3, 9, 12, 7, 4}, {}}, {{3, 20, 4}, {}}};
  for (const char* family : {"tiny-bert", "tiny-roberta", "tiny-mpnet"}) {
    const fs::path teacher = model_data(family);
    const auto vectors = [&](const fs::path& folder, int exit) {
      EngineOptions options = cpu();
      options.exit_layer = exit;
      const auto encoder = load_engine().text_encoder(folder, options);
      std::vector<float> out(texts.size() * static_cast<std::size_t>(encoder->dimension()));
      encoder->encode(texts, out);
      return at::tensor(out);
    };
    const Cut student(teacher, {0});
    EXPECT_EQ(layers_in(student.path(), "encoder.layer."), std::set<std::string>{"0"}) << family;
    EXPECT_LE(relative_difference(vectors(student.path(), 0), vectors(teacher, 1)),
              2 * states_error(1, kWidth))
        << family;
  }
}

TEST(CutEncoder, ExitsOfItsOwnAreRefused) {
  const ChangedFolder model("tiny-bert");
  model.write("spencer.json", R"({"format_version": 1, "exits": [1, 2]})");
  const ScratchFolder to;
  EXPECT_NE(refusal(ErrorKind::unsupported,
                    [&] {
                      write_cut_encoder_folder(to.path(), ModelFolder::open(model.path()), {0}, 24);
                    })
                .find("exits"),
            std::string::npos);
}

/// The tiny BERT with layers from `first` on that change nothing: attention and feed-forward come
/// out as 0, and a norm of weight 1 and bias 0 leaves a normalised state as it is.
struct IdleLayers : TinyModel {
  explicit IdleLayers(int first) {
    NamedTensors tensors;
    {
      const Weights weights = Weights::open(path());
      for (const std::string& name : weights.names()) {
        tensors.emplace_back(name, changed(name, weights.tensor(name).clone(), first));
      }
    }
    write_safetensors(path() / "model.safetensors", tensors);
  }
  static at::Tensor changed(const std::string& name, const at::Tensor& value, int first) {
    const std::size_t mark = name.find("encoder.layer.");
    if (mark == std::string::npos || std::stoi(name.substr(mark + 14)) < first) {
      // The last layer that works hands on a normalised state.
      const std::string last = "encoder.layer." + std::to_string(first - 1) + ".output.LayerNorm.";
      if (name.find(last) == std::string::npos) return value;
    }
    if (name.ends_with("LayerNorm.weight")) return at::ones_like(value);
    if (name.ends_with("LayerNorm.bias") || name.find("output.dense.") != std::string::npos) {
      return at::zeros_like(value);
    }
    return value;
  }
};

/// Pairs, and a teacher's vectors of them.
struct Taught {
  explicit Taught(const fs::path& teacher, std::vector<std::string> more = {})
      : extra(std::move(more)) {
    const auto encoder = DualEncoder::open(teacher, cpu(), {24, 24});
    queries = encoder->encode_queries(pairs.queries());
    codes = encoder->encode_codes(pairs.codes());
    extra_vectors = encoder->encode_queries(extra);
  }
  Lesson lesson() const { return {pairs, queries, codes, extra, extra_vectors}; }

  PairSet pairs = word_pairs(20);
  std::vector<std::string> extra;
  std::vector<float> queries, codes, extra_vectors;
};

StudentOptions student_options(const fs::path& output) {
  StudentOptions options;
  set_reference_options(options, output);
  options.batch_size = 8;
  options.query_length = 24;
  return options;
}

TEST(DistillObjective, AStudentWithoutIdleLayersIsItsTeacherBeforeAnyTraining) {
  const IdleLayers teacher(1);
  const Taught taught(teacher.path());
  for (const Layers& layers : {Layers{0}, Layers{0, 1}}) {
    const Cut student(teacher.path(), layers);
    const auto vectors =
        DualEncoder::open(student.path(), cpu(), {24, 24})->encode_queries(taught.pairs.queries());
    const at::Tensor cosines =
        (at::tensor(vectors).view({-1, 32}) * at::tensor(taught.queries).view({-1, 32})).sum(1);
    EXPECT_LE((cosines - 1).abs().max().item<double>(), kTermError);
    const UnsplitOperations unsplit;
    DistillObjective objective(student_options("unused"), student.path(), taught.lesson(), {}, {},
                               at::kCPU);
    for (const auto& [name, value] : objective.backward(*objective.prepare(0), 1, 0)) {
      EXPECT_LE(value, kTermError) << name;
    }
  }
  const Cut idle(teacher.path(), {1});
  DistillObjective other(student_options("unused"), idle.path(), taught.lesson(), {}, {}, at::kCPU);
  const LossTerms terms = other.backward(*other.prepare(0), 1, 0);
  EXPECT_GT(terms.at(1).second, 0.01) << "without the layer that works it is not";
}

TEST(DistillObjective, QueriesWithoutACodeCountInTheSingleTermAlone) {
  const TinyModel teacher;
  const Taught taught(teacher.path(), {"w40 w50", "w60", "w70 w71 w72"});
  const Cut student(teacher.path(), {0});
  StudentOptions options = student_options("unused");
  const UnsplitOperations unsplit;
  const auto terms_with = [&](std::int64_t extra) {
    options.extra = extra;
    DistillObjective objective(options, student.path(), taught.lesson(), {}, {}, at::kCPU);
    const auto batch = objective.prepare(3);
    const auto& ours = dynamic_cast<const DistillObjective::Batch&>(*batch);
    EXPECT_EQ(ours.teacher.size(0), 8 + std::min<std::int64_t>(3, extra < 0 ? 8 : extra));
    EXPECT_EQ(ours.codes.size(0), 8);
    EXPECT_EQ(ours.pairs, 8);
    EXPECT_TRUE(at::equal(ours.teacher,
                          dynamic_cast<DistillObjective::Batch&>(*objective.prepare(3)).teacher));
    return objective.backward(*batch, 1, 0);
  };
  const LossTerms without = terms_with(0), some = terms_with(2), all = terms_with(-1);
  EXPECT_NEAR(without[0].second, some[0].second, kTermError);
  EXPECT_GT(std::abs(without[1].second - some[1].second), 10 * kTermError);
  EXPECT_GT(std::abs(some[1].second - all[1].second), 10 * kTermError);
}

TEST(DistillObjective, AWeightOfZeroSwitchesATermOff) {
  const TinyModel teacher;
  const Taught taught(teacher.path());
  const Cut student(teacher.path(), {0});
  StudentOptions options = student_options("unused");
  const UnsplitOperations unsplit;
  const auto terms = [&] {
    DistillObjective objective(options, student.path(), taught.lesson(), {}, {}, at::kCPU);
    return objective.backward(*objective.prepare(0), 1, 0);
  };
  const LossTerms both = terms();
  ASSERT_EQ(both.size(), 2U);
  options.dual_weight = 0;
  options.single_weight = 3;
  const LossTerms single = terms();
  ASSERT_EQ(single.size(), 1U);
  EXPECT_EQ(single[0].first, "single");
  EXPECT_NEAR(single[0].second, 3 * both[1].second, 3 * kTermError);
  options.single_weight = 0;
  EXPECT_NE(refusal(ErrorKind::invalid_argument, [&] { options.validate(); }).find("not both 0"),
            std::string::npos);
}

TEST(DistillLoss, IsTheMeanOverEntriesAndOverQueries) {
  // Scores of the teacher [[1, 0], [0, 1]], of the student [[0.6, 0], [0.8, 1]]; cosines 0.6, 1, 0.
  const TaughtBatch batch{at::tensor({1.0F, 0.0F, 0.0F, 1.0F, 1.0F, 0.0F}).view({3, 2}),
                          at::tensor({0.6F, 0.8F, 0.0F, 1.0F, 0.0F, 1.0F}).view({3, 2}),
                          at::tensor({1.0F, 0.0F, 0.0F, 1.0F}).view({2, 2})};
  const double error = chain_error(4, 4);  // a norm, a product, a difference, a mean of four
  EXPECT_NEAR(dual_modality_loss(batch).item<double>(), (0.4 + 0.8) / 4, error);
  EXPECT_NEAR(single_modality_loss(batch).item<double>(), (0.4 + 0 + 1) / 3, error);
}

}  // namespace
}  // namespace spencer
