#include "spencer/model/two_stage_folder.h"

#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

fs::path resolve(const fs::path& root, const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return {};
  return (root / found->get<std::string>()).lexically_normal();
}

std::string relative_to(const fs::path& folder, const fs::path& root) {
  const fs::path relative = fs::absolute(folder).lexically_relative(fs::absolute(root));
  const bool inside = !relative.empty() && *relative.begin() != "..";
  return inside ? relative.generic_string() : fs::absolute(folder).generic_string();
}

}  // namespace

TwoStageFolder TwoStageFolder::open(const fs::path& path) {
  const fs::path file = path / "spencer.json";
  TwoStageFolder folder;
  folder.query_encoder = folder.code_encoder = path;
  if (!fs::exists(file)) return folder;
  try {
    const json object = json::parse(read_file(file));
    const int version = object.at("format_version").get<int>();
    if (version < 1 || version > kTwoStageVersion) {
      throw Error(ErrorKind::unsupported_version,
                  file.string() + " is of format version " + std::to_string(version) +
                      "; this program reads up to " + std::to_string(kTwoStageVersion));
    }
    if (const fs::path code = resolve(path, object, "code_encoder"); !code.empty()) {
      folder.query_encoder = folder.code_encoder = code;
    }
    if (const fs::path query = resolve(path, object, "query_encoder"); !query.empty()) {
      folder.query_encoder = query;
    }
    folder.reranker = resolve(path, object, "reranker");
    folder.query_length = object.value("query_length", std::int64_t{0});
    folder.code_length = object.value("code_length", std::int64_t{0});
    folder.reranker_length = object.value("reranker_length", std::int64_t{0});
    folder.recall_weight = object.value("recall_weight", 0.0);
    folder.exit_layer = object.value("exit_layer", 0);
  } catch (const json::exception& error) {
    throw Error(ErrorKind::corrupt, file.string() + ": " + error.what());
  }
  return folder;
}

void TwoStageFolder::save(const fs::path& path) const {
  nlohmann::ordered_json object;
  object["format_version"] = kTwoStageVersion;
  object["query_encoder"] = relative_to(query_encoder, path);
  object["code_encoder"] = relative_to(code_encoder, path);
  if (!reranker.empty()) object["reranker"] = relative_to(reranker, path);
  if (query_length > 0) object["query_length"] = query_length;
  if (code_length > 0) object["code_length"] = code_length;
  if (reranker_length > 0) object["reranker_length"] = reranker_length;
  if (recall_weight > 0) object["recall_weight"] = recall_weight;
  if (exit_layer > 0) object["exit_layer"] = exit_layer;
  write_file_atomically(path / "spencer.json", object.dump(2) + "\n");
}

}  // namespace spencer
