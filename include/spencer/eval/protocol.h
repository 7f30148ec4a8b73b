// Evaluation protocols: which queries are ranked among which codes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spencer/dataset/benchmark.h"

namespace spencer {

enum class Protocol {
  automatic,  ///< code-to-code where the data is, qrels for BEIR, else full
  csn_1000,   ///< CodeSearchNet's: chunks of 1,000 pairs, each query among its chunk's codes
  full,       ///< every query against the whole pool
  qrels,      ///< the same, with judgements: several right answers, each with its gain
  /// The queries are codes, and are encoded as codes are: those of the pool, each left out of its
  /// own answers (POJ-104), or others with judgements (BEIR and CoIR, FlagEmbedding).
  code_to_code,
};

std::string to_string(Protocol protocol);
/// "auto", "csn-1000", "full", "qrels", "code-to-code". @throws Error{invalid_argument}
Protocol parse_protocol(std::string_view name);

struct ProtocolOptions {
  Protocol protocol = Protocol::automatic;
  /// csn-1000: shuffle the pairs before they are cut into chunks, as numpy.random.RandomState(seed)
  /// shuffles (CodeBERT: seed 0). None: the order of the data (SPENCER).
  std::optional<std::uint32_t> shuffle_seed;
};

/// Queries that share their candidates.
struct Chunk {
  std::vector<std::int64_t> queries;  ///< positions in the benchmark
  std::vector<std::int64_t> codes;    ///< candidates, in pool order of this chunk; empty = all
};

struct Plan {
  Protocol protocol = Protocol::full;  ///< never automatic
  std::vector<Chunk> chunks;
  std::int64_t queries = 0;     ///< ranked
  std::int64_t dropped = 0;     ///< left out: those of the last, shorter chunk
  std::int64_t candidates = 0;  ///< per query
};

/// @throws Error{invalid_argument} where the data does not suit the protocol, or a shuffle is asked
///         for that has no effect
Plan plan_protocol(const Benchmark& benchmark, const ProtocolOptions& options);

/// 0, 1, ..., count-1 in the order of numpy.random.RandomState(seed).shuffle.
std::vector<std::int64_t> numpy_shuffled(std::int64_t count, std::uint32_t seed);

}  // namespace spencer
