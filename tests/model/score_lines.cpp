// Scores pairs with a cross-encoder; scripts/check_saved_model.py drives it.
//
// Usage: score_lines MODEL PRECISION THREADS LENGTH PAIRS.json OUT
// PAIRS.json is a list of [query, code]; OUT gets a float32 for each.
#include <nlohmann/json.hpp>

#include "spencer/base/file.h"
#include "spencer/model/cross_encoder.h"

using namespace spencer;

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const auto pairs = nlohmann::json::parse(read_file(argv[5]))
                         .get<std::vector<std::pair<std::string, std::string>>>();
  EngineOptions options;
  options.device = "cpu";
  options.precision = argv[2] == std::string("float32") ? Precision::float32 : Precision::automatic;
  options.threads = std::stoi(argv[3]);
  const std::vector<float> scores =
      CrossEncoder::open(argv[1], options, std::stoi(argv[4]))->score(pairs);
  write_file_atomically(
      argv[6], {reinterpret_cast<const char*>(scores.data()), scores.size() * sizeof(float)});
  return 0;
}
