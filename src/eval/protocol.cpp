#include "spencer/eval/protocol.h"

#include <numeric>
#include <random>
#include <utility>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

namespace spencer {
namespace {

constexpr std::int64_t kChunk = 1000;

constexpr std::pair<const char*, Protocol> kNames[] = {{"auto", Protocol::automatic},
                                                       {"csn-1000", Protocol::csn_1000},
                                                       {"full", Protocol::full},
                                                       {"qrels", Protocol::qrels},
                                                       {"code-to-code", Protocol::code_to_code}};

Protocol resolve(const Benchmark& benchmark, Protocol asked) {
  if (asked != Protocol::automatic) return asked;
  if (benchmark.code_to_code) return Protocol::code_to_code;
  return benchmark.format == DataFormat::beir ? Protocol::qrels : Protocol::full;
}

/// Whether the format leaves open what the queries are.
bool may_ask_in_code(const Benchmark& benchmark) {
  return benchmark.format == DataFormat::beir || benchmark.format == DataFormat::flag;
}

Plan chunks_of_pairs(const Benchmark& benchmark, const ProtocolOptions& options) {
  if (!benchmark.paired) {
    throw Error(ErrorKind::invalid_argument,
                benchmark.name +
                    ": csn-1000 needs (query, code) pairs, and here the pool is of "
                    "its own; use --protocol full");
  }
  const auto pairs = static_cast<std::int64_t>(benchmark.queries.size());
  if (pairs < kChunk) {
    throw Error(ErrorKind::invalid_argument,
                benchmark.name + ": csn-1000 needs at least 1000 pairs, and here are " +
                    std::to_string(pairs) + "; use --protocol full");
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(pairs));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (options.shuffle_seed) order = numpy_shuffled(pairs, *options.shuffle_seed);
  Plan plan{Protocol::csn_1000, {}, pairs / kChunk * kChunk, pairs % kChunk, kChunk};
  for (std::int64_t begin = 0; begin < plan.queries; begin += kChunk) {
    const std::vector<std::int64_t> members(order.begin() + begin, order.begin() + begin + kChunk);
    plan.chunks.push_back({members, members});
  }
  return plan;
}

}  // namespace

std::string to_string(Protocol protocol) {
  for (const auto& [name, value] : kNames) {
    if (value == protocol) return name;
  }
  return "auto";
}

Protocol parse_protocol(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [known, value] : kNames) {
    if (name == known) return value;
    names.emplace_back(known);
  }
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::invalid_argument,
              "unknown protocol \"" + std::string(name) + "\"" +
                  (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                  " Known: auto, csn-1000, full, qrels, code-to-code");
}

std::vector<std::int64_t> numpy_shuffled(std::int64_t count, std::uint32_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::mt19937 random(seed);  // seeded as numpy's legacy generator is
  for (std::int64_t i = count - 1; i > 0; --i) {
    std::uint32_t mask = static_cast<std::uint32_t>(i);
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    std::uint32_t j = 0;
    while ((j = random() & mask) > static_cast<std::uint32_t>(i)) {
    }
    std::swap(order[static_cast<std::size_t>(i)], order[j]);
  }
  return order;
}

Plan plan_protocol(const Benchmark& benchmark, const ProtocolOptions& options) {
  const Protocol protocol = resolve(benchmark, options.protocol);
  if (options.shuffle_seed && protocol != Protocol::csn_1000) {
    throw Error(ErrorKind::invalid_argument, "a shuffle seed changes nothing under --protocol " +
                                                 to_string(protocol) + ", where the pool is whole");
  }
  if (protocol == Protocol::csn_1000) return chunks_of_pairs(benchmark, options);
  if (protocol == Protocol::code_to_code && !benchmark.code_to_code &&
      !may_ask_in_code(benchmark)) {
    throw Error(ErrorKind::invalid_argument,
                benchmark.name +
                    ": code-to-code needs groups of codes (POJ-104), or judgements whose queries "
                    "are codes (BEIR, FlagEmbedding); the format " +
                    to_string(benchmark.format) + " has queries in words");
  }
  const auto queries = static_cast<std::int64_t>(benchmark.queries.size());
  Chunk all;
  all.queries.resize(benchmark.queries.size());
  std::iota(all.queries.begin(), all.queries.end(), std::int64_t{0});
  return {protocol,
          {std::move(all)},
          queries,
          0,
          static_cast<std::int64_t>(benchmark.codes.size()) - (benchmark.code_to_code ? 1 : 0)};
}

}  // namespace spencer
