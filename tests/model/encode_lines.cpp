// Encodes texts when told to and says how long it took; scripts/bench_encoders.py and
// bench_exits.py drive it.
//
// Usage: encode_lines MODEL PRECISION THREADS LENGTH TEXTS.json OUT [EXIT]
// On each line of stdin: "all" encodes every text as code; anything else is a query to encode.
// Answers on stdout with wall-clock and CPU seconds. At the end, OUT holds the codes' vectors as
// float32.
#include <chrono>
#include <ctime>
#include <iostream>

#include <nlohmann/json.hpp>

#include "spencer/base/file.h"
#include "spencer/model/dual_encoder.h"

using namespace spencer;

int main(int argc, char** argv) {
  if (argc != 7 && argc != 8) return 2;
  const auto texts = nlohmann::json::parse(read_file(argv[5])).get<std::vector<std::string>>();
  EngineOptions options;
  options.device = "cpu";
  options.precision = argv[2] == std::string("float32") ? Precision::float32 : Precision::automatic;
  options.threads = std::stoi(argv[3]);
  if (argc == 8) options.exit_layer = std::stoi(argv[7]);
  TextLengths lengths;
  lengths.code = lengths.query = std::stoi(argv[4]);
  const auto codes = DualEncoder::open(argv[1], options, lengths);
  EngineOptions few = options;
  few.few_inputs = true;
  const auto queries = DualEncoder::open(argv[1], few, lengths);
  std::vector<float> vectors(texts.size() * static_cast<std::size_t>(codes->dimension()));
  for (std::string command; std::getline(std::cin, command);) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    if (command == "all") {
      codes->encode_codes(texts, vectors);
    } else {
      queries->encode_queries({command});
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::cout << wall.count() << ' ' << static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC
              << std::endl;
  }
  write_file_atomically(
      argv[6], {reinterpret_cast<const char*>(vectors.data()), vectors.size() * sizeof(float)});
  return 0;
}
