// The command-line program. Parses, calls the library, maps errors to exit codes.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "spencer/base/error.h"

int main(int argc, char** argv) {
  CLI::App app{"Two-stage code search: find code by what it does"};
  app.set_version_flag("--version", "spencer 0.1.0");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return 0;
}
