// Where the models and the reference values of the model tests lie, scratch folders, refusals.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

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

/// A model folder of the tests with its files changed.
struct ChangedFolder : ScratchFolder {
  explicit ChangedFolder(const std::string& name = "tiny-roberta") { fill_from(model_data(name)); }
  void set(const std::string& field, const nlohmann::json& value) const {
    auto config = nlohmann::json::parse(read_file(path() / "config.json"));
    if (value.is_discarded()) {
      config.erase(field);
    } else {
      config[field] = value;
    }
    write_file_atomically(path() / "config.json", config.dump());
  }
  void write(const std::string& name, const std::string& text) const {
    write_file_atomically(path() / name, text);
  }
};

/// What an error of that kind says; "accepted" where there is none.
template <typename Work>
std::string refusal(ErrorKind kind, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

}  // namespace spencer
