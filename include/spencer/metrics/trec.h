// TREC runs and judgements, in and out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spencer/metrics/ranks.h"

namespace spencer {

struct RunEntry {
  std::string document;
  float score = 0;
};

/// Per query id, its candidates; in a run that was read, in the order of the file.
using TrecRun = std::map<std::string, std::vector<RunEntry>>;
/// Per query id, per document id, the judgement; > 0 is right.
using TrecQrels = std::map<std::string, std::map<std::string, std::int64_t>>;

/// An id as the two formats can hold it: white space, control characters and '%' as %XX.
std::string trec_id(std::string_view id);

/// Writes one query's ranking, best first. Tools order a run by its scores and break ties each in
/// their own way, so a score that does not fall is written as the next float32 below the one
/// before it: every tool then sees this order.
void write_trec_run(std::ostream& out, std::string_view query, std::span<const RunEntry> ranking,
                    std::string_view tag);
void write_trec_judgement(std::ostream& out, std::string_view query, std::string_view document,
                          std::int64_t relevance);

/// "query Q0 document rank score tag" a line, separated by white space; the rank column is not
/// read. Ids are taken as they stand.
/// @throws Error{corrupt} naming file, line and field (also for a document given twice)
TrecRun read_trec_run(const std::filesystem::path& path);
/// "query 0 document relevance" a line. @throws as above
TrecQrels read_trec_qrels(const std::filesystem::path& path);

/// A query's right answers with their ranks in its candidates, by the tie rule of `ranks_of`.
QueryRanks ranks_in_run(std::span<const RunEntry> candidates,
                        const std::map<std::string, std::int64_t>& judgements);

}  // namespace spencer
