#include <cstdlib>

#include "program.h"

int main(int argc, char** argv) {
  const int code = spencer::run_program({argv + 1, argv + argc});
  // Nothing is left to flush, and running the destructors of a loaded libtorch only costs time.
  std::_Exit(code);
}
