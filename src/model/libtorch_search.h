// Where a usable libtorch may lie, found by looking at the file system alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace spencer {

struct LibtorchSearch {
  std::filesystem::path folder;                ///< holds libtorch_cpu.so; empty if there is none
  std::vector<std::filesystem::path> visited;  ///< folders that do not

  /// What was looked for and where, and how to get or name one.
  std::string explanation() const;
};

/// Looks in $SPENCER_LIBTORCH (the torch package, its lib folder, or what holds the package) and
/// nowhere else if that is set; otherwise in the folder that a file `libtorch.path` beside
/// libspencer names (the build tree has one), and in the packages of the python3 on $PATH.
/// @throws Error{not_found} if $SPENCER_LIBTORCH is set and holds none
LibtorchSearch find_libtorch();

/// Where Python packages may lie: of the first python3 on $PATH, of what it was made from where it
/// is a virtual environment, of the user, and of the system.
std::vector<std::filesystem::path> python_package_folders();

/// The folder of libspencer itself.
std::filesystem::path own_library_folder();

}  // namespace spencer
