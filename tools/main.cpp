#include <cstdlib>

#include "command_line.h"

int main(int argc, char** argv) {
  const int code = spencer::run_command_line({argv + 1, argv + argc});
  // Nothing is left to flush, and running the destructors of a loaded libtorch only costs time.
  std::_Exit(code);
}
