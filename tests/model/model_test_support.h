// Where the models and the reference values of the model tests lie, and scratch folders.
#pragma once

#include <filesystem>
#include <string>

#include <unistd.h>

namespace spencer {

inline std::filesystem::path deps_model(const std::string& name) {
  return std::filesystem::path(SPENCER_DEPS) / "models" / name;
}

inline std::filesystem::path model_data(const std::string& name) {
  return std::filesystem::path(SPENCER_TEST_DATA) / "model" / name;
}

/// An empty folder that goes with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "spencer_model_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  /// Copies a model folder's files into this one.
  void fill_from(const std::filesystem::path& folder) const {
    std::filesystem::copy(folder, path_, std::filesystem::copy_options::recursive);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace spencer
