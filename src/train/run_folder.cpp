#include "train/run_folder.h"

#include <fstream>
#include <sstream>

#include "spencer/base/error.h"

namespace spencer {
namespace fs = std::filesystem;

RunFolder::RunFolder(fs::path path, bool resume) : path_(std::move(path)) {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) {
    throw Error(ErrorKind::io, "cannot make folder " + path_.string() + ": " + error.message());
  }
  lock_.emplace(path_ / "lock", "another process trains in " + path_.string());
  if (!resume && (has_checkpoint() || fs::exists(path_ / "metrics.jsonl"))) {
    throw Error(ErrorKind::invalid_argument,
                path_.string() +
                    " holds a run already; go on with it (--resume), or name another "
                    "folder (--output)");
  }
}

bool RunFolder::has_checkpoint() const { return fs::exists(checkpoint()); }

void RunFolder::rewind_metrics(std::int64_t step) const {
  const fs::path file = path_ / "metrics.jsonl";
  if (!fs::exists(file)) return;
  std::istringstream lines(read_file(file));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const auto fields = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (fields.is_object() && fields.value("step", std::int64_t{0}) <= step) kept += line + "\n";
  }
  write_file_atomically(file, kept);
}

void RunFolder::record(const nlohmann::ordered_json& line) const {
  std::ofstream out(path_ / "metrics.jsonl", std::ios::app);
  out << line.dump() << '\n';
  out.flush();
  if (!out) throw Error(ErrorKind::io, "cannot write to " + (path_ / "metrics.jsonl").string());
}

fs::path RunFolder::replace(const std::string& name,
                            const std::function<void(const fs::path&)>& write) {
  const fs::path folder = path_ / name, part = path_ / (name + ".part");
  fs::remove_all(part);
  fs::create_directories(part);
  write(part);
  sync_to_disk(part);
  replace_folder(part, folder);
  return folder;
}

fs::path RunFolder::choose(const std::string& name) const {
  const fs::path link = path_ / "model", part = path_ / "model.part";
  fs::remove(part);
  fs::create_directory_symlink(name, part);
  fs::rename(part, link);
  sync_to_disk(path_);
  return link;
}

}  // namespace spencer
