// Which lines of a result to show: its signature, and those that share most with the query.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "spencer/source/record.h"

namespace spencer {

/// At most `count` line numbers of the file, ascending: the line that declares the record, then the
/// lines with most of the query's words (rare words weigh more), then those after the declaration.
std::vector<std::int32_t> best_lines(const CodeRecord& record,
                                     const std::unordered_set<std::string>& query,
                                     std::size_t count);

}  // namespace spencer
