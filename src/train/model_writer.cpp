#include "train/model_writer.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/nn/encoder.h"
#include "spencer/nn/exits.h"
#include "spencer/nn/safetensors.h"

#include "train/tower.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

using nlohmann::ordered_json;

void write_json(const fs::path& file, const ordered_json& value) {
  write_file_atomically(file, value.dump(2) + "\n");
}

bool is_tokenizer_file(const fs::path& file) {
  static const std::set<std::string> names = {"tokenizer.json",
                                              "tokenizer_config.json",
                                              "special_tokens_map.json",
                                              "added_tokens.json",
                                              "vocab.txt",
                                              "vocab.json",
                                              "merges.txt"};
  return names.count(file.filename().string()) != 0 || file.extension() == ".model";
}

void copy_tokenizer(const fs::path& from, const fs::path& to) {
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.is_regular_file() && is_tokenizer_file(entry.path())) {
      write_file_atomically(to / entry.path().filename(), read_file(entry.path()));
    }
  }
}

const char* class_prefix(Family family) {
  switch (family) {
    case Family::bert: return "Bert";
    case Family::roberta: return "Roberta";
    case Family::mpnet: return "MPNet";
    case Family::starcoder2: return "Starcoder2";
  }
  throw Error(ErrorKind::internal, "a family without a class name");
}

const char* weight_prefix(Family family) {
  switch (family) {
    case Family::bert: return "bert.";
    case Family::roberta: return "roberta.";
    case Family::mpnet: return "mpnet.";
    case Family::starcoder2: return "model.";
  }
  throw Error(ErrorKind::internal, "a family without a prefix");
}

NamedTensors with_prefix(Family family, const NamedTensors& weights) {
  NamedTensors tensors;
  for (const auto& [name, tensor] : weights) {
    tensors.emplace_back(weight_prefix(family) + name, tensor);
  }
  return tensors;
}

ordered_json configuration(const ModelFolder& source, const std::string& architecture) {
  ordered_json config = ordered_json::parse(read_file(source.path / "config.json"));
  config["architectures"] = {class_prefix(source.family) + architecture};
  for (const char* name : {"dtype", "torch_dtype"}) {
    if (config.contains(name)) config[name] = "float32";
  }
  for (const char* name : {"id2label", "label2id", "num_labels", "problem_type"}) {
    config.erase(name);
  }
  return config;
}

/// What the source holds beside the encoder's own tensors, under its bare names.
void add_others(const ModelFolder& source, NamedTensors& tensors) {
  if (!has_weights(source)) return;
  std::set<std::string> present;
  for (const auto& [name, tensor] : tensors) present.insert(name);
  const Weights weights = Weights::open(source.path);
  const std::string prefix = encoder_prefix(weights);
  for (const std::string& name : weights.names()) {
    const bool encoder = name.starts_with(prefix) && !name.starts_with("classifier.");
    const std::string bare = encoder ? name.substr(prefix.size()) : name;
    if (encoder && present.insert(bare).second) tensors.emplace_back(bare, weights.tensor(name));
  }
}

/// Where the layer's number stands in a bare name, or npos.
std::size_t layer_number_at(const std::string& name) {
  for (const std::string_view mark : {"encoder.layer.", "layers."}) {
    if (name.starts_with(mark)) return mark.size();
  }
  return std::string::npos;
}

/// The encoder's tensors as float32, under bare names: those of the layers asked for, numbered
/// anew, and those of no layer.
NamedTensors tensors_of_layers(const ModelFolder& source, const std::vector<std::int64_t>& layers) {
  const Weights weights = Weights::open(source.path);
  const std::string prefix = encoder_prefix(weights);
  NamedTensors tensors;
  for (const std::string& name : weights.names()) {
    if (!name.starts_with(prefix) || name.starts_with("classifier.")) continue;
    const std::string bare = name.substr(prefix.size());
    const auto add = [&](const std::string& as) {
      tensors.emplace_back(as, weights.tensor(name).to(at::kFloat));
    };
    const std::size_t mark = layer_number_at(bare);
    if (mark == std::string::npos) {
      add(bare);
      continue;
    }
    const std::size_t end = bare.find('.', mark);
    const std::int64_t layer = std::stoll(bare.substr(mark, end - mark));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (layers[i] == layer) add(bare.substr(0, mark) + std::to_string(i) + bare.substr(end));
    }
  }
  return tensors;
}

void write_sentence_files(const fs::path& folder, const ModelFolder& source, std::int64_t length) {
  const auto module = [](int index, const char* path, const char* kind) {
    return ordered_json{{"idx", index},
                        {"name", std::to_string(index)},
                        {"path", path},
                        {"type", std::string("sentence_transformers.models.") + kind}};
  };
  write_json(folder / "modules.json",
             {module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling"),
              module(2, "2_Normalize", "Normalize")});
  fs::create_directories(folder / "1_Pooling");
  fs::create_directories(folder / "2_Normalize");
  const bool mean = source.pooling == Pooling::mean;
  write_json(folder / "1_Pooling" / "config.json",
             {{"word_embedding_dimension", source.hidden_size},
              {"pooling_mode_cls_token", !mean},
              {"pooling_mode_mean_tokens", mean},
              {"pooling_mode_max_tokens", false},
              {"pooling_mode_mean_sqrt_len_tokens", false}});
  write_json(folder / "sentence_bert_config.json",
             {{"max_seq_length", length}, {"do_lower_case", false}});
  if (source.query_prefix.empty() && source.code_prefix.empty()) return;
  write_json(folder / "config_sentence_transformers.json",
             {{"prompts", {{"query", source.query_prefix}, {"document", source.code_prefix}}},
              {"default_prompt_name", nullptr}});
}

}  // namespace

void write_encoder_folder(const fs::path& folder, const ModelFolder& source,
                          const NamedTensors& weights, const NamedTensors& heads,
                          std::int64_t length) {
  copy_tokenizer(source.path, folder);
  write_json(folder / "config.json", configuration(source, "Model"));
  write_sentence_files(folder, source, length);
  NamedTensors tensors = weights;
  add_others(source, tensors);
  write_safetensors(folder / "model.safetensors", tensors);
  if (!heads.empty()) write_safetensors(folder / kExitHeadsFile, heads);
}

void write_cut_encoder_folder(const fs::path& folder, const ModelFolder& source,
                              const std::vector<std::int64_t>& layers, std::int64_t length) {
  if (!source.exits.empty()) {
    throw Error(ErrorKind::unsupported,
                source.path.string() +
                    " is read at exits of its own, which a student cannot take over; it is "
                    "shallow already at a lower --exit");
  }
  copy_tokenizer(source.path, folder);
  ordered_json config = configuration(source, "Model");
  config["num_hidden_layers"] = layers.size();
  write_json(folder / "config.json", config);
  write_sentence_files(folder, source, length);
  write_safetensors(folder / "model.safetensors", tensors_of_layers(source, layers));
}

void write_pretrained_folder(const fs::path& folder, const ModelFolder& source,
                             const NamedTensors& weights, const NamedTensors& heads,
                             const NamedTensors& masked_lm, const NamedTensors& others,
                             std::int64_t length) {
  const bool has_class = source.family != Family::starcoder2;
  copy_tokenizer(source.path, folder);
  ordered_json config = configuration(source, has_class ? "ForMaskedLM" : "Model");
  if (has_class) config["tie_word_embeddings"] = true;
  write_json(folder / "config.json", config);
  write_sentence_files(folder, source, length);
  NamedTensors tensors = has_class ? with_prefix(source.family, weights) : weights;
  NamedTensors own = others;
  NamedTensors& with_head = has_class ? tensors : own;
  with_head.insert(with_head.end(), masked_lm.begin(), masked_lm.end());
  write_safetensors(folder / "model.safetensors", tensors);
  write_safetensors(folder / kPretrainingFile, own);
  if (!heads.empty()) write_safetensors(folder / kExitHeadsFile, heads);
}

void write_classifier_folder(const fs::path& folder, const ModelFolder& source,
                             const NamedTensors& weights, const NamedTensors& head,
                             std::int64_t length) {
  copy_tokenizer(source.path, folder);
  ordered_json config = configuration(source, "ForSequenceClassification");
  config["id2label"] = {{"0", "LABEL_0"}};
  config["label2id"] = {{"LABEL_0", 0}};
  write_json(folder / "config.json", config);
  write_json(folder / "sentence_bert_config.json",
             {{"max_seq_length", length}, {"do_lower_case", false}});
  NamedTensors tensors = with_prefix(source.family, weights);
  tensors.insert(tensors.end(), head.begin(), head.end());
  write_safetensors(folder / "model.safetensors", tensors);
}

}  // namespace spencer
