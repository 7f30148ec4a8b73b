#include "spencer/model/model_folder.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/hash.h"
#include "spencer/nn/exits.h"
#include "spencer/nn/safetensors_header.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxSize = std::int64_t{1} << 31;  // of any one dimension in a config

[[noreturn]] void corrupt(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::corrupt, path.string() + ": " + what);
}

json read_json(const fs::path& path) {
  try {
    return json::parse(read_file(path));
  } catch (const json::exception& error) {
    corrupt(path, std::string("not JSON: ") + error.what());
  }
}

/// A field's whole number within [0, kMaxSize], or nothing where it is absent or null.
std::optional<std::int64_t> size_field(const json& object, const char* name, const fs::path& path) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (!found->is_number_integer() || found->get<std::int64_t>() < 0 ||
      found->get<std::int64_t>() > kMaxSize) {
    corrupt(path, std::string("field '") + name + "' is " + found->dump() + ", not a size");
  }
  return found->get<std::int64_t>();
}

std::int64_t required_size(const json& object, const char* name, const fs::path& path) {
  const auto value = size_field(object, name, path);
  if (!value || *value == 0) corrupt(path, std::string("field '") + name + "' is missing or 0");
  return *value;
}

double number_field(const json& object, const char* name, double fallback, const fs::path& path) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_number()) corrupt(path, std::string("field '") + name + "' is not a number");
  return found->get<double>();
}

std::string text_field(const json& object, const char* name, const std::string& fallback,
                       const fs::path& path) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_string()) corrupt(path, std::string("field '") + name + "' is not text");
  return found->get<std::string>();
}

bool flag_field(const json& object, const char* name, bool fallback, const fs::path& path) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_boolean()) corrupt(path, std::string("field '") + name + "' is not true or false");
  return found->get<bool>();
}

Family family_of(const json& config, const fs::path& path) {
  const std::string type = text_field(config, "model_type", "", path);
  if (type == "bert") return Family::bert;
  if (type == "roberta") return Family::roberta;
  if (type == "mpnet") return Family::mpnet;
  if (type == "starcoder2") return Family::starcoder2;
  if (type.empty()) corrupt(path, "field 'model_type' is missing");
  throw Error(ErrorKind::unsupported, path.string() + ": model type '" + type +
                                          "' is not read; bert, roberta, mpnet and starcoder2 are");
}

/// Number of outputs of the classification head the architecture names; 0 = none.
std::int64_t label_count(const json& config, const fs::path& path) {
  const auto architectures = config.find("architectures");
  if (architectures == config.end() || !architectures->is_array()) return 0;
  const bool classifier =
      std::any_of(architectures->begin(), architectures->end(), [](const json& name) {
        return name.is_string() &&
               name.get<std::string>().find("ForSequenceClassification") != std::string::npos;
      });
  if (!classifier) return 0;
  const auto labels = config.find("id2label");
  if (labels != config.end() && labels->is_object()) {
    return static_cast<std::int64_t>(labels->size());
  }
  return size_field(config, "num_labels", path).value_or(2);  // transformers' default
}

void read_post_norm_fields(ModelFolder& folder, const json& config, const fs::path& path) {
  const bool bert = folder.family == Family::bert;
  folder.pad_token_id = size_field(config, "pad_token_id", path).value_or(bert ? 0 : 1);
  if (folder.family == Family::mpnet) {
    folder.relative_buckets =
        size_field(config, "relative_attention_num_buckets", path).value_or(32);
  } else {
    folder.type_vocabulary_size = size_field(config, "type_vocab_size", path).value_or(2);
  }
  folder.layer_norm_eps = number_field(config, "layer_norm_eps", 1e-12, path);
  folder.hidden_dropout = number_field(config, "hidden_dropout_prob", 0.1, path);
  folder.attention_dropout = number_field(config, "attention_probs_dropout_prob", 0.1, path);
  folder.activation = text_field(config, "hidden_act", "gelu", path);
  const std::string positions = text_field(config, "position_embedding_type", "absolute", path);
  if (positions != "absolute") {
    throw Error(ErrorKind::unsupported,
                path.string() + ": position_embedding_type '" + positions + "' is not read");
  }
}

json object_field(const json& object, const char* name, const fs::path& path) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return json::object();
  if (!found->is_object()) corrupt(path, std::string("field '") + name + "' is not an object");
  return *found;
}

/// transformers 5 keeps the rotary parameters in `rope_parameters`; before, the base stood in
/// `rope_theta`, and `rope_scaling`, which wins, named what departs from plain rotary positions.
double read_rope_theta(const json& config, const fs::path& path) {
  json parameters = object_field(config, "rope_scaling", path);
  if (parameters.empty()) parameters = object_field(config, "rope_parameters", path);
  const std::string old_type = text_field(parameters, "type", "default", path);
  const std::string type = text_field(parameters, "rope_type", old_type, path);
  if (type != "default") {
    throw Error(ErrorKind::unsupported,
                path.string() + ": rotary positions of type '" + type + "' are not read");
  }
  const double theta = number_field(config, "rope_theta", 10000, path);
  return number_field(parameters, "rope_theta", theta, path);
}

/// The defaults are those of transformers' Starcoder2Config.
void read_starcoder2_fields(ModelFolder& folder, const json& config, const fs::path& path) {
  folder.key_value_heads = size_field(config, "num_key_value_heads", path).value_or(2);
  if (folder.key_value_heads == 0 || folder.heads % folder.key_value_heads != 0) {
    corrupt(path, "field 'num_key_value_heads' is " + std::to_string(folder.key_value_heads) +
                      "; the " + std::to_string(folder.heads) + " heads are no multiple of it");
  }
  const std::int64_t head_size = folder.hidden_size / folder.heads;
  if (head_size % 2 != 0) corrupt(path, "heads of odd size have no rotary positions");
  if (size_field(config, "head_dim", path).value_or(head_size) != head_size) {
    throw Error(ErrorKind::unsupported, path.string() +
                                            ": a head_dim other than hidden_size / "
                                            "num_attention_heads is not read");
  }
  folder.rope_theta = read_rope_theta(config, path);
  if (!(folder.rope_theta > 0)) corrupt(path, "rope_theta is not positive");
  folder.linear_bias = flag_field(config, "use_bias", true, path);
  folder.layer_norm_eps = number_field(config, "norm_epsilon", 1e-5, path);
  folder.embedding_dropout = number_field(config, "embedding_dropout", 0, path);
  folder.hidden_dropout = number_field(config, "residual_dropout", 0, path);
  folder.attention_dropout = number_field(config, "attention_dropout", 0, path);
  folder.activation = text_field(config, "hidden_act", "gelu_pytorch_tanh", path);
}

void read_config(ModelFolder& folder) {
  const fs::path path = folder.path / "config.json";
  const json config = read_json(path);
  if (!config.is_object()) corrupt(path, "not a JSON object");
  folder.family = family_of(config, path);
  folder.vocabulary_size = required_size(config, "vocab_size", path);
  folder.hidden_size = required_size(config, "hidden_size", path);
  folder.layers = required_size(config, "num_hidden_layers", path);
  folder.heads = required_size(config, "num_attention_heads", path);
  folder.intermediate_size = required_size(config, "intermediate_size", path);
  folder.max_positions = required_size(config, "max_position_embeddings", path);
  if (folder.hidden_size % folder.heads != 0) {
    corrupt(path, "hidden_size " + std::to_string(folder.hidden_size) + " is no multiple of the " +
                      std::to_string(folder.heads) + " heads");
  }
  if (folder.family == Family::starcoder2) {
    read_starcoder2_fields(folder, config, path);
  } else {
    read_post_norm_fields(folder, config, path);
  }
  if (folder.position_limit() <= 0) corrupt(path, "max_position_embeddings leaves no position");
  folder.labels = label_count(config, path);
}

/// The texts sentence-transformers puts before queries and documents, by encode_query and
/// encode_document.
void read_prefixes(ModelFolder& folder) {
  const fs::path path = folder.path / "config_sentence_transformers.json";
  if (!fs::exists(path)) return;
  const json prompts = object_field(read_json(path), "prompts", path);
  folder.query_prefix = text_field(prompts, "query", "", path);
  for (const char* name : {"document", "passage", "corpus", "code"}) {
    if (folder.code_prefix.empty()) folder.code_prefix = text_field(prompts, name, "", path);
  }
}

Pooling pooling_of(const json& pooling, const fs::path& path) {
  // sentence-transformers 5 and later also write one field "pooling_mode".
  const auto mode = pooling.find("pooling_mode");
  std::vector<std::string> modes;
  if (mode != pooling.end() && mode->is_string()) {
    modes.push_back(mode->get<std::string>());
  } else {
    for (const auto& [name, on] : pooling.items()) {
      if (name.starts_with("pooling_mode_") && on == true) modes.push_back(name.substr(13));
    }
  }
  if (modes.size() == 1 && (modes[0] == "mean_tokens" || modes[0] == "mean")) return Pooling::mean;
  if (modes.size() == 1 && (modes[0] == "cls_token" || modes[0] == "cls")) return Pooling::cls;
  std::string listed;
  for (const std::string& name : modes) listed += (listed.empty() ? "" : ", ") + name;
  throw Error(ErrorKind::unsupported, path.string() + ": pooling '" + listed +
                                          "' is not read; mean_tokens and cls_token are");
}

/// Prompts, pooling, normalisation and length, as sentence-transformers keeps them beside the
/// model.
void read_sentence_files(ModelFolder& folder) {
  folder.max_length = folder.position_limit();
  read_prefixes(folder);
  const fs::path modules_path = folder.path / "modules.json";
  if (fs::exists(modules_path)) {
    const json modules = read_json(modules_path);
    if (!modules.is_array()) corrupt(modules_path, "not a list of modules");
    folder.normalize = false;
    for (const json& module : modules) {
      const std::string type = text_field(module, "type", "", modules_path);
      const std::string kind = type.substr(type.rfind('.') + 1);
      if (kind == "Pooling") {
        const fs::path path =
            folder.path / text_field(module, "path", "", modules_path) / "config.json";
        const json pooling = read_json(path);
        folder.pooling = pooling_of(pooling, path);
        const bool has_prefix = !folder.query_prefix.empty() || !folder.code_prefix.empty();
        if (has_prefix && !flag_field(pooling, "include_prompt", true, path)) {
          throw Error(ErrorKind::unsupported, path.string() +
                                                  ": pooling that leaves out the prompt's tokens "
                                                  "(include_prompt false) is not read");
        }
      } else if (kind == "Normalize") {
        folder.normalize = true;
      } else if (kind != "Transformer") {
        throw Error(ErrorKind::unsupported, modules_path.string() + ": module '" + type +
                                                "' is not read; Transformer, Pooling and Normalize "
                                                "are");
      }
    }
  }
  const fs::path sentence_path = folder.path / "sentence_bert_config.json";
  if (fs::exists(sentence_path)) {
    const auto length = size_field(read_json(sentence_path), "max_seq_length", sentence_path);
    if (length && *length > 0) folder.max_length = std::min(folder.max_length, *length);
  }
}

std::vector<int> exits_field(const json& own, std::int64_t layers, const fs::path& path) {
  const auto found = own.find("exits");
  if (found == own.end()) return {};
  std::vector<int> exits;
  const bool numbers =
      found->is_array() && std::all_of(found->begin(), found->end(), [](const json& exit) {
        return exit.is_number_integer() && exit.get<std::int64_t>() <= kMaxSize;
      });
  if (!numbers) corrupt(path, "field 'exits' is " + found->dump() + ", not a list of layers");
  for (const json& exit : *found) exits.push_back(exit.get<int>());
  if (const std::string fault = fault_of_exits(exits, layers); !fault.empty()) {
    corrupt(path, "field 'exits': " + fault);
  }
  return exits;
}

/// `pooling`, `normalize` and `exits` of a spencer.json beside config.json: what other programs'
/// files do not say.
void read_own_file(ModelFolder& folder) {
  const fs::path path = folder.path / "spencer.json";
  if (!fs::exists(path)) return;
  const json own = read_json(path);
  const std::string pooling = text_field(own, "pooling", "", path);
  if (pooling == "mean") {
    folder.pooling = Pooling::mean;
  } else if (pooling == "cls") {
    folder.pooling = Pooling::cls;
  } else if (!pooling.empty()) {
    corrupt(path, "pooling '" + pooling + "' is not one of mean, cls");
  }
  folder.normalize = flag_field(own, "normalize", folder.normalize, path);
  folder.exits = exits_field(own, folder.layers, path);
}

/// The heads' file names its exits; where spencer.json does too, they must be the same.
void read_exit_heads(ModelFolder& folder) {
  const fs::path path = folder.path / kExitHeadsFile;
  if (!fs::exists(path)) return;
  const ExitHeadsHeader header = read_exit_heads_header(path);
  if (const std::string fault = fault_of_exits(header.exits, folder.layers); !fault.empty()) {
    corrupt(path, fault);
  }
  if (!folder.exits.empty() && folder.exits != header.exits) {
    corrupt(path, "it has heads for the exits " + list_exits(header.exits) +
                      ", and spencer.json names " + list_exits(folder.exits));
  }
  folder.exits = header.exits;
  folder.head_dimension = header.dimension;
}

}  // namespace

ModelFolder ModelFolder::open(const fs::path& path, WeightFiles weights) {
  if (!fs::is_directory(path)) {
    throw Error(ErrorKind::not_found, path.string() + " is not a model folder: no such folder");
  }
  ModelFolder folder;
  folder.path = path;
  if (!fs::exists(path / "config.json")) {
    throw Error(ErrorKind::not_found,
                path.string() + " is not a model folder: it has no config.json");
  }
  if (weights == WeightFiles::required) weight_files(path);
  read_config(folder);
  read_sentence_files(folder);
  read_own_file(folder);
  read_exit_heads(folder);
  return folder;
}

bool ModelFolder::has_exit(int exit) const {
  if (exits.empty()) return exit >= 1 && exit <= layers;
  return std::find(exits.begin(), exits.end(), exit) != exits.end();
}

int ModelFolder::resolve_exit(int asked) const {
  if (asked == 0) return exits.empty() ? static_cast<int>(layers) : exits.back();
  if (has_exit(asked)) return asked;
  throw Error(
      ErrorKind::invalid_argument,
      path.string() + " has no exit " + std::to_string(asked) + "; its exits are " +
          (exits.empty() ? "the layers 1 to " + std::to_string(layers) : list_exits(exits)));
}

std::string ModelFolder::fingerprint() const {
  json fields = {static_cast<int>(family),
                 vocabulary_size,
                 hidden_size,
                 layers,
                 heads,
                 intermediate_size,
                 max_positions,
                 type_vocabulary_size,
                 relative_buckets,
                 pad_token_id,
                 layer_norm_eps,
                 activation,
                 labels,
                 static_cast<int>(pooling),
                 normalize};
  if (family == Family::starcoder2) {
    fields.insert(fields.end(), {key_value_heads, rope_theta, linear_bias});
  }
  if (!exits.empty()) fields.push_back(exits);
  if (!query_prefix.empty() || !code_prefix.empty()) {
    fields.insert(fields.end(), {query_prefix, code_prefix});
  }
  std::string sample = fields.dump();
  constexpr std::uint64_t kSample = 256;  // bytes from the middle of every tensor
  std::vector<fs::path> files = weight_files(path);
  if (head_dimension > 0) files.push_back(path / kExitHeadsFile);
  for (const fs::path& file : files) {
    const MappedFile mapped(file);
    for (const auto& [name, entry] : read_safetensors_header(mapped.bytes(), file)) {
      const std::uint64_t size = std::min(kSample, entry.bytes);
      const std::uint64_t start = entry.offset + (entry.bytes - size) / 2;
      sample += name + entry.dtype + std::to_string(entry.bytes);
      sample.append(reinterpret_cast<const char*>(mapped.data() + start), size);
    }
  }
  return hash128(sample).hex();
}

}  // namespace spencer
