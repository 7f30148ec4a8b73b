// How long one query takes to encode, beside the original in the same minute.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "spencer/model/dual_encoder.h"

namespace spencer {

class QueryTimer {
 public:
  struct Times {
    double original_ms = 0, student_ms = 0;  ///< medians
    double speedup() const { return student_ms > 0 ? original_ms / student_ms : 1; }
  };

  /// @param original a dual encoder's folder  @param queries not empty
  QueryTimer(const std::filesystem::path& original, const EngineOptions& engine,
             std::int64_t query_length, std::vector<std::string> queries);

  /// Encodes each query with both, one after the other, taking turns at being first.
  /// @param student a query encoder's folder
  Times measure(const std::filesystem::path& student);
  /// The original alone.
  double measure();

 private:
  EngineOptions engine_;
  TextLengths lengths_;
  std::vector<std::string> queries_;
  std::unique_ptr<DualEncoder> original_;
};

}  // namespace spencer
