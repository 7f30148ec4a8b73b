#include "distill/query_timer.h"

#include <algorithm>
#include <utility>

#include "spencer/base/clock.h"

namespace spencer {
namespace {

constexpr std::size_t kWarmUpQueries = 5;

double milliseconds_of(DualEncoder& encoder, const std::string& query) {
  const std::vector<std::string> one{query};
  const auto start = Clock::now();
  encoder.encode_queries(one);
  return 1000 * seconds_since(start);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

EngineOptions for_few(EngineOptions engine) {
  engine.few_inputs = true;
  return engine;
}

}  // namespace

QueryTimer::QueryTimer(const std::filesystem::path& original, const EngineOptions& engine,
                       std::int64_t query_length, std::vector<std::string> queries)
    : engine_(for_few(engine)),
      lengths_{query_length, 0},
      queries_(std::move(queries)),
      original_(DualEncoder::open(original, engine_, lengths_)) {}

QueryTimer::Times QueryTimer::measure(const std::filesystem::path& folder) {
  const auto student = DualEncoder::open(folder, engine_, lengths_);
  for (std::size_t i = 0; i < kWarmUpQueries; ++i) {
    milliseconds_of(*original_, queries_[i % queries_.size()]);
    milliseconds_of(*student, queries_[i % queries_.size()]);
  }
  std::vector<double> originals, students;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    if (i % 2 == 0) originals.push_back(milliseconds_of(*original_, queries_[i]));
    students.push_back(milliseconds_of(*student, queries_[i]));
    if (i % 2 == 1) originals.push_back(milliseconds_of(*original_, queries_[i]));
  }
  return {median(originals), median(students)};
}

double QueryTimer::measure() {
  std::vector<double> times;
  for (std::size_t i = 0; i < kWarmUpQueries; ++i) milliseconds_of(*original_, queries_.front());
  for (const std::string& query : queries_) times.push_back(milliseconds_of(*original_, query));
  return median(times);
}

}  // namespace spencer
