// A program of ten lines that embeds a query with an installed spencer.
#include <cstdio>

#include "spencer/model/dual_encoder.h"

int main(int, char** argv) {
  auto encoder = spencer::DualEncoder::open(argv[1], {.few_inputs = true});
  const auto vectors = encoder->encode_queries(std::vector<std::string>{argv[2]});
  std::printf("%zu %.4f\n", vectors.size(), vectors.front());
}
