// A small source tree with an index by the real all-MiniLM-L6-v2. Vectors are made in float32: the
// default precision is what this machine found faster, run by run.
#pragma once

#include <string>

#include "cli/program.h"

namespace spencer {

class Tree : public FreshFolder {
 public:
  /// Writes the files; does not index them.
  Tree();
  /// Runs `spencer index` here, with further arguments. Fails the test unless it exits with 0.
  RunResult index(const std::vector<std::string>& more = {}) const;
  /// Runs `spencer search` here.
  RunResult search(const std::vector<std::string>& arguments) const;
  /// The answers' names, best first.
  std::vector<std::string> names(const std::vector<std::string>& arguments) const;
  /// A setup that runs in this folder.
  RunSetup here() const;
};

/// Makes loading libtorch fail, so that what does not need it can be told from what does.
RunSetup without_libtorch(RunSetup setup);

}  // namespace spencer
