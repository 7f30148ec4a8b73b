// Exits: what a model gives at each, what it reads for it, and folders that lie about theirs.
#include "spencer/nn/exits.h"

#include <limits>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/model/dual_encoder.h"
#include "spencer/model/model_folder.h"
#include "spencer/nn/exit_heads.h"

#include "bfloat16.h"
#include "model/golden.h"

namespace spencer {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

EngineOptions at_exit(int exit, Precision precision = Precision::float32) {
  EngineOptions options = cpu(precision);
  options.exit_layer = exit;
  return options;
}

at::Tensor unit(const at::Tensor& x) { return x / x.norm(); }

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

NamedTensors copies_of(const fs::path& file) {
  NamedTensors tensors;
  const Weights weights = Weights::open_file(file);
  for (const std::string& name : weights.names()) {
    tensors.emplace_back(name, weights.tensor(name).clone());
  }
  return tensors;
}

/// Rewrites a file with the tensors that `keep` has not dropped or changed.
template <typename Keep>
void rewrite(const fs::path& file, const Keep& keep) {
  NamedTensors tensors = copies_of(file);
  std::erase_if(tensors, [&](const auto& tensor) { return !keep(tensor.first, tensor.second); });
  write_safetensors(file, tensors);
}

std::string open_refusal(const fs::path& folder) {
  return refusal(ErrorKind::corrupt, [&] { ModelFolder::open(folder); });
}

}  // namespace

TEST(Exits, OfStarcoder2HaveTheirOwnHeads) {
  const Golden golden("tiny-starcoder2");
  const fs::path folder = model_data("tiny-starcoder2");
  EXPECT_THAT(ModelFolder::open(folder).exits, ElementsAre(1, 3, 4));
  for (const bool few_inputs : {false, true}) {
    for (const int exit : {1, 3, 4, 0}) {
      EngineOptions options = at_exit(exit);
      options.few_inputs = few_inputs;
      const at::Tensor ours = encode(folder, golden.sequences, options);
      const std::string name = "exit" + std::to_string(exit == 0 ? 4 : exit);
      for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
        EXPECT_LE(relative_difference(ours[static_cast<std::int64_t>(i)], golden.of(i, name)),
                  states_error((exit == 0 ? 4 : exit) + 1, kTinyWidth))
            << name << ", sequence " << i;
      }
    }
  }
}

TEST(Exits, OfStarcoder2InBfloat16) {
  const Golden golden("tiny-starcoder2");
  for (const int exit : {1, 3, 4}) {
    at::Tensor ours;
    if (!computed_in_bfloat16([&] {
          ours = encode(model_data("tiny-starcoder2"), golden.sequences,
                        at_exit(exit, Precision::bfloat16));
        })) {
      return;
    }
    for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
      EXPECT_LE(relative_difference(ours[static_cast<std::int64_t>(i)],
                                    golden.of(i, "exit" + std::to_string(exit))),
                short_states_error(exit + 1, kBfloat16Rounding))
          << exit << ", sequence " << i;
    }
  }
}

// The golden files hold the whole state of each layer's first token, which is what cls pools.
TEST(Exits, OfEveryFamilyMayHaveHeads) {
  for (const std::string name : {"tiny-bert", "tiny-roberta", "tiny-mpnet"}) {
    const Golden golden(name);
    const ChangedFolder folder(name);
    folder.write("spencer.json", R"({"format_version": 1, "pooling": "cls", "exits": [2, 3]})");
    const at::Tensor plain = encode(folder.path(), golden.sequences, at_exit(2));
    at::manual_seed(1);
    const at::Tensor weight = at::randn({5, 32}), bias = at::randn({5});
    write_safetensors(folder.path() / kExitHeadsFile, {{"exits.2.weight", weight},
                                                       {"exits.2.bias", bias},
                                                       {"exits.3.weight", weight * 2},
                                                       {"exits.3.bias", bias}});
    const at::Tensor headed = encode(folder.path(), golden.sequences, at_exit(2));
    ASSERT_EQ(headed.size(1), 5);
    for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      const at::Tensor state = golden.of(i, "hidden")[2][0];
      EXPECT_LE(relative_difference(plain[row], unit(state)), states_error(2, kTinyWidth)) << name;
      EXPECT_LE(relative_difference(headed[row], unit(at::mv(weight, state) + bias)),
                states_error(2 + 1, kTinyWidth))
          << name;
    }
  }
}

TEST(Exits, LayersBeyondThemAreNotRead) {
  for (const std::string name : {"tiny-bert", "tiny-starcoder2"}) {
    const Golden golden(name);
    const at::Tensor whole = encode(model_data(name), golden.sequences, at_exit(1));
    const ChangedFolder folder(name);
    const fs::path file = folder.path() / "model.safetensors";
    rewrite(file, [](const std::string& tensor, const at::Tensor& value) {
      if (tensor.find(".layer.0.") == std::string::npos &&
          tensor.find(".layers.0.") == std::string::npos &&
          tensor.find("embed") == std::string::npos) {
        value.fill_(std::numeric_limits<float>::quiet_NaN());
      }
      return true;
    });
    EXPECT_EQ(largest_difference(encode(folder.path(), golden.sequences, at_exit(1)), whole), 0);
    EXPECT_TRUE(encode(folder.path(), golden.sequences, at_exit(0)).isnan().any().item<bool>());
    rewrite(file, [](const std::string&, const at::Tensor& value) {
      return !value.isnan().any().item<bool>();
    });
    EXPECT_EQ(largest_difference(encode(folder.path(), golden.sequences, at_exit(1)), whole), 0);
    EXPECT_THAT(
        refusal(ErrorKind::corrupt, [&] { encode(folder.path(), golden.sequences, at_exit(3)); }),
        HasSubstr("layer"));
  }
}

TEST(Exits, ThoseThereAreAreNamedWhereAnotherIsAskedFor) {
  const auto refused = [](const fs::path& folder, int exit) {
    return refusal(ErrorKind::invalid_argument,
                   [&] { load_engine().text_encoder(folder, at_exit(exit)); });
  };
  EXPECT_THAT(refused(model_data("tiny-starcoder2"), 2),
              HasSubstr("has no exit 2; its exits are 1, 3, 4"));
  EXPECT_THAT(refused(model_data("tiny-bert"), 4),
              HasSubstr("has no exit 4; its exits are the layers 1 to 3"));
}

// The deepest exit that is stated, where it is not the last layer.
TEST(Exits, TheLastIsTheDefault) {
  const Golden golden("tiny-bert");
  const ChangedFolder folder("tiny-bert");
  folder.write("spencer.json", R"({"format_version": 1, "exits": [1, 2]})");
  EXPECT_EQ(largest_difference(encode(folder.path(), golden.sequences, at_exit(0)),
                               encode(model_data("tiny-bert"), golden.sequences, at_exit(2))),
            0);
}

TEST(Exits, ListsThatMakeNoSenseAreRefused) {
  const ChangedFolder folder("tiny-bert");
  const auto stated = [&](const std::string& exits) {
    folder.write("spencer.json", R"({"format_version": 1, "exits": )" + exits + "}");
    return open_refusal(folder.path());
  };
  EXPECT_EQ(stated("[1, 3]"), "accepted");
  EXPECT_THAT(stated("[2, 1]"), HasSubstr("'exits': the exits 2, 1 do not ascend"));
  EXPECT_THAT(stated("[2, 2]"), HasSubstr("2, 2 do not ascend"));
  EXPECT_THAT(stated("[1, 4]"), HasSubstr("exit 4 is not one of the layers 1 to 3"));
  EXPECT_THAT(stated("[0, 2]"), HasSubstr("exit 0 is not one of"));
  EXPECT_THAT(stated("[-1]"), HasSubstr("exit -1 is not one of"));
  EXPECT_THAT(stated("[]"), HasSubstr("there is no exit"));
  for (const char* exits : {"2", "\"2\"", "[1.5]", "[\"1\"]", "[99999999999]", "{}", "null"}) {
    EXPECT_THAT(stated(exits), HasSubstr("not a list of layers")) << exits;
  }
}

TEST(Exits, HeadsAndStatedExitsMustBeTheSame) {
  const ChangedFolder folder("tiny-starcoder2");
  folder.write("spencer.json", R"({"format_version": 1, "exits": [1, 4]})");
  EXPECT_THAT(open_refusal(folder.path()),
              HasSubstr("heads for the exits 1, 3, 4, and spencer.json names 1, 4"));
  folder.write("spencer.json", R"({"format_version": 1, "exits": [1, 3, 4]})");
  EXPECT_EQ(open_refusal(folder.path()), "accepted");
  folder.set("num_hidden_layers", 3);
  fs::remove(folder.path() / "spencer.json");
  EXPECT_THAT(open_refusal(folder.path()), HasSubstr("exit 4 is not one of the layers 1 to 3"));
}

TEST(Exits, DamagedHeadsAreNamed) {
  const auto damaged = [](ErrorKind kind, const auto& damage) {
    const ChangedFolder folder("tiny-starcoder2");
    const fs::path file = folder.path() / kExitHeadsFile;
    damage(file);
    const std::string message =
        refusal(kind, [&] { load_engine().text_encoder(folder.path(), at_exit(1)); });
    EXPECT_THAT(message, HasSubstr(file.string()));
    return message;
  };
  const auto without = [&](const std::string& name) {
    return damaged(ErrorKind::corrupt, [&](const fs::path& file) {
      rewrite(file, [&](const std::string& tensor, const at::Tensor&) { return tensor != name; });
    });
  };
  const auto with = [&](ErrorKind kind, const std::string& name, const at::Tensor& value) {
    return damaged(kind, [&](const fs::path& file) {
      NamedTensors tensors = copies_of(file);
      std::erase_if(tensors, [&](const auto& tensor) { return tensor.first == name; });
      tensors.emplace_back(name, value);
      write_safetensors(file, tensors);
    });
  };
  const auto cut_to = [&](std::uintmax_t bytes) {
    return damaged(ErrorKind::corrupt, [&](const fs::path& file) { fs::resize_file(file, bytes); });
  };
  EXPECT_THAT(cut_to(4000), HasSubstr("cut short"));
  EXPECT_THAT(cut_to(100), HasSubstr("header"));
  EXPECT_THAT(cut_to(0), HasSubstr("header"));
  EXPECT_THAT(without("exits.3.bias"), HasSubstr("lack tensor 'exits.3.bias'"));
  EXPECT_THAT(without("exits.3.norm.weight"), HasSubstr("lack tensor 'exits.3.norm.weight'"));
  EXPECT_THAT(with(ErrorKind::shape, "exits.3.weight", at::ones({16, 31})), HasSubstr("[16, 31]"));
  EXPECT_THAT(with(ErrorKind::shape, "exits.3.weight", at::ones({15, 32})), HasSubstr("[15, 32]"));
  EXPECT_THAT(with(ErrorKind::corrupt, "exits.3.weight", at::ones({32})), HasSubstr("no matrix"));
  EXPECT_THAT(with(ErrorKind::corrupt, "exits.5.weight", at::ones({16, 32})),
              HasSubstr("exit 5 is not one of"));
  EXPECT_THAT(with(ErrorKind::corrupt, "exits.03.weight", at::ones({16, 32})),
              HasSubstr("1, 3, 3, 4 do not ascend"));
  EXPECT_THAT(damaged(ErrorKind::corrupt,
                      [](const fs::path& file) {
                        write_safetensors(file, {{"classifier.weight", at::ones({2, 32})}});
                      }),
              HasSubstr("no head"));
}

TEST(Exits, AndTheirHeadsAreInTheFingerprint) {
  const ChangedFolder folder("tiny-starcoder2");
  const auto fingerprint = [&] { return ModelFolder::open(folder.path()).fingerprint(); };
  const std::string before = fingerprint();
  EXPECT_EQ(before, ModelFolder::open(model_data("tiny-starcoder2")).fingerprint());
  rewrite(folder.path() / kExitHeadsFile, [](const std::string& name, const at::Tensor& value) {
    if (name == "exits.3.bias") value[7] += 1;
    return true;
  });
  const std::string other_head = fingerprint();
  EXPECT_NE(other_head, before);
  fs::remove(folder.path() / kExitHeadsFile);
  const std::string without = fingerprint();
  EXPECT_NE(without, before);
  folder.write("spencer.json", R"({"format_version": 1, "exits": [1, 3, 4]})");
  EXPECT_NE(fingerprint(), without);
}

// A real model under heads to train from: they keep the first numbers of the pooled state.
TEST(Exits, OfADualEncoderUnderNewHeads) {
  const ScratchFolder folder;
  const fs::path minilm = deps_model("all-MiniLM-L6-v2");
  for (const auto& entry : fs::directory_iterator(minilm)) {
    fs::create_symlink(entry.path(), folder.path() / entry.path().filename());
  }
  ExitHeads heads = make_exit_heads(ModelFolder::open(minilm), {2, 4, 6}, 64);
  save_exit_heads(heads, folder.path());
  const auto headed = DualEncoder::open(folder.path(), at_exit(4));
  ASSERT_EQ(headed->dimension(), 64);
  const at::Tensor ours = at::tensor(headed->encode_queries({"read a json file"}));
  const auto plain = DualEncoder::open(minilm, at_exit(4))->encode_queries({"read a json file"});
  EXPECT_LE(relative_difference(ours, unit(at::tensor(plain).narrow(0, 0, 64))),
            chain_error(3, 384));  // the head's product, and two norms
  EXPECT_NE(headed->code_fingerprint(), ModelFolder::open(minilm).fingerprint());
  EXPECT_THAT(
      refusal(ErrorKind::invalid_argument, [&] { DualEncoder::open(folder.path(), at_exit(3)); }),
      HasSubstr("its exits are 2, 4, 6"));
}

}  // namespace spencer
