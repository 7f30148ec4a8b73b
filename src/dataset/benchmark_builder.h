// Puts a benchmark together record by record, with ids that are used once.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "spencer/base/error.h"
#include "spencer/dataset/benchmark.h"

namespace spencer {

class BenchmarkBuilder {
 public:
  /// @throws Error{corrupt} if the id was used before
  std::int64_t add_code(TextItem&& item, const std::string& where) {
    claim(code_of_id_, item.id, benchmark_.codes.size(), "code", where);
    benchmark_.codes.push_back(std::move(item));
    return static_cast<std::int64_t>(benchmark_.codes.size()) - 1;
  }

  /// @throws as above
  std::int64_t add_query(TextItem&& item, std::vector<RightAnswer>&& answers,
                         const std::string& where) {
    claim(query_of_id_, item.id, benchmark_.queries.size(), "query", where);
    benchmark_.queries.push_back(std::move(item));
    benchmark_.answers.push_back(std::move(answers));
    return static_cast<std::int64_t>(benchmark_.queries.size()) - 1;
  }

  /// @throws Error{corrupt} if the pool has no such code
  std::int64_t code(const std::string& id, const std::string& where) const {
    const auto found = code_of_id_.find(id);
    if (found == code_of_id_.end()) {
      throw Error(ErrorKind::corrupt, where + "the right answer \"" + id +
                                          "\" is not in the pool of " +
                                          std::to_string(benchmark_.codes.size()) + " codes");
    }
    return found->second;
  }

  bool has_code(const std::string& id) const { return code_of_id_.contains(id); }
  bool has_query(const std::string& id) const { return query_of_id_.contains(id); }
  std::int64_t query(const std::string& id) const { return query_of_id_.at(id); }
  Benchmark& benchmark() { return benchmark_; }

 private:
  using Ids = std::unordered_map<std::string, std::int64_t>;

  static void claim(Ids& ids, const std::string& id, std::size_t position, const char* what,
                    const std::string& where) {
    if (!ids.emplace(id, static_cast<std::int64_t>(position)).second) {
      throw Error(ErrorKind::corrupt, where + "the " + what + " id \"" + id + "\" was used before");
    }
  }

  Benchmark benchmark_;
  Ids code_of_id_, query_of_id_;
};

}  // namespace spencer
