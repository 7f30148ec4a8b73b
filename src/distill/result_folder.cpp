#include "distill/result_folder.h"

#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

/// The folder's own files, and the folders of sentence-transformers' modules; what else lies there
/// (other formats of the weights, other models) stays behind.
void copy_model(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.is_regular_file()) fs::copy_file(entry.path(), to / entry.path().filename());
  }
  if (!fs::exists(from / "modules.json")) return;
  const auto modules = nlohmann::json::parse(read_file(from / "modules.json"));
  for (const auto& module : modules) {
    const fs::path path = module.value("path", "");
    if (!path.empty() && fs::is_directory(from / path)) {
      fs::copy(from / path, to / path, fs::copy_options::recursive);
    }
  }
}

}  // namespace

void write_two_stage_model(const fs::path& folder, const TwoStageFolder& parts) {
  const fs::path part = folder.parent_path() / (folder.filename().string() + ".part");
  TwoStageFolder result = parts;
  try {
    fs::remove_all(part);
    fs::create_directories(part);
    result.code_encoder = part / "code_encoder";
    copy_model(parts.code_encoder, result.code_encoder);
    result.query_encoder = result.code_encoder;
    if (parts.query_encoder != parts.code_encoder) {
      result.query_encoder = part / "query_encoder";
      copy_model(parts.query_encoder, result.query_encoder);
    }
    if (!parts.reranker.empty()) {
      result.reranker = part / "reranker";
      copy_model(parts.reranker, result.reranker);
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::io, std::string("cannot write the model: ") + error.what());
  }
  result.save(part);
  sync_to_disk(part);
  replace_folder(part, folder);
}

}  // namespace spencer
