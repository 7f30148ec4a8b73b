#include "model/libtorch_search.h"

#include <fstream>
#include <sstream>

#include <dlfcn.h>

#include "spencer/base/environment.h"
#include "spencer/base/error.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLibrary = "libtorch_cpu.so";

std::vector<fs::path> path_list(const std::string& text) {
  std::vector<fs::path> paths;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ':');) {
    if (!part.empty()) paths.emplace_back(part);
  }
  return paths;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// site-packages and dist-packages folders under a prefix: <prefix>/lib/python3*/...
void add_package_folders(const fs::path& prefix, std::vector<fs::path>& folders) {
  for (const char* lib : {"lib", "lib64"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(prefix / lib, error)) {
      if (!entry.path().filename().string().starts_with("python3")) continue;
      folders.push_back(entry.path() / "site-packages");
      folders.push_back(entry.path() / "dist-packages");
    }
  }
}

/// The Python installation a virtual environment was made from: "home = /usr/bin" in pyvenv.cfg.
fs::path virtual_environment_base(const fs::path& prefix) {
  std::ifstream in(prefix / "pyvenv.cfg");
  for (std::string line; std::getline(in, line);) {
    const std::size_t equals = line.find('=');
    if (!line.starts_with("home") || equals == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(" \t", equals + 1);
    if (start != std::string::npos) return fs::path(line.substr(start)).parent_path();
  }
  return {};
}

/// The folder with the library at or under `root`, or empty.
fs::path library_folder(const fs::path& root) {
  for (const char* below : {"", "lib", "torch/lib"}) {
    if (is_there(root / below / kLibrary)) return root / below;
  }
  return {};
}

}  // namespace

std::vector<fs::path> python_package_folders() {
  std::vector<fs::path> folders;
  for (const fs::path& bin : path_list(environment("PATH"))) {
    if (!is_there(bin / "python3")) continue;
    const fs::path prefix = bin.parent_path();
    add_package_folders(prefix, folders);
    if (const fs::path base = virtual_environment_base(prefix); !base.empty()) {
      add_package_folders(base, folders);
    } else {
      std::error_code error;  // a link into another installation, as pyenv and conda make them
      const fs::path real = fs::canonical(bin / "python3", error);
      if (!error && real.parent_path() != bin) {
        add_package_folders(real.parent_path().parent_path(), folders);
      }
    }
    break;
  }
  if (const std::string home = environment("HOME"); !home.empty()) {
    add_package_folders(fs::path(home) / ".local", folders);
  }
  folders.emplace_back("/usr/lib/python3/dist-packages");
  return folders;
}

std::string LibtorchSearch::explanation() const {
  std::string text =
      "libtorch (libtorch_cpu.so, PyTorch 2.11) was not found. Install it with 'pip install "
      "torch==2.11.0', or name the one you have: SPENCER_LIBTORCH=/path/to/torch/lib. Looked in:";
  for (const fs::path& place : visited) text += "\n  " + place.string();
  return text;
}

fs::path own_library_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&own_library_folder), &info) == 0) {
    throw Error(ErrorKind::internal, "the loader does not know where libspencer.so lies");
  }
  return fs::absolute(info.dli_fname).parent_path();
}

LibtorchSearch find_libtorch() {
  LibtorchSearch search;
  if (const std::string named = environment("SPENCER_LIBTORCH"); !named.empty()) {
    search.folder = library_folder(named);
    if (search.folder.empty()) {
      throw Error(ErrorKind::not_found, "SPENCER_LIBTORCH is '" + named +
                                            "', and there is no libtorch_cpu.so in it, in "
                                            "its lib or in its torch/lib");
    }
    return search;
  }
  std::vector<fs::path> roots;
  if (const fs::path hint = own_library_folder() / "libtorch.path"; is_there(hint)) {
    std::ifstream in(hint);
    if (std::string line; std::getline(in, line)) roots.emplace_back(line);
  }
  for (const fs::path& packages : python_package_folders()) roots.push_back(packages / "torch");
  for (const fs::path& root : roots) {
    search.folder = library_folder(root);
    if (!search.folder.empty()) return search;
    search.visited.push_back(root);
  }
  return search;
}

}  // namespace spencer
