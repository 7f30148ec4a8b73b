#include "spencer/metrics/trec.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <ostream>
#include <set>
#include <sstream>

#include "spencer/base/error.h"

namespace spencer {
namespace {

bool needs_escape(unsigned char c) { return c <= 0x20 || c == 0x7F || c == '%'; }

/// Calls `take(fields, line number)` for every line that is not blank.
template <typename Take>
void for_each_line(const std::filesystem::path& path, const char* const* names, std::size_t count,
                   Take take) {
  std::ifstream file(path);
  if (!file) throw Error(ErrorKind::not_found, "cannot open " + path.string());
  std::string line;
  for (std::int64_t number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    if (fields.empty()) continue;
    const std::string where = path.string() + ":" + std::to_string(number) + ": ";
    if (fields.size() < count) {
      throw Error(ErrorKind::corrupt, where + "field \"" + names[fields.size()] + "\" is missing");
    }
    take(fields, where);
  }
}

template <typename Number>
Number number_in(const std::string& text, const std::string& where, const char* field) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorKind::corrupt,
                where + "field \"" + field + "\" is not a number: \"" + text + "\"");
  }
  return value;
}

}  // namespace

std::string trec_id(std::string_view id) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    if (needs_escape(byte)) {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

void write_trec_run(std::ostream& out, std::string_view query, std::span<const RunEntry> ranking,
                    std::string_view tag) {
  const std::string query_id = trec_id(query);
  const std::string run_tag = trec_id(tag);
  std::string text;
  char number[64];
  float last = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    float score = ranking[i].score;
    if (!(score < last)) score = std::nextafter(last, -std::numeric_limits<float>::infinity());
    last = score;
    const auto [end, error] = std::to_chars(number, number + sizeof number, score);
    text += query_id + " Q0 " + trec_id(ranking[i].document) + ' ' + std::to_string(i + 1) + ' ';
    text.append(number, end);
    text += ' ' + run_tag + '\n';
  }
  out << text;
}

void write_trec_judgement(std::ostream& out, std::string_view query, std::string_view document,
                          std::int64_t relevance) {
  out << trec_id(query) << " 0 " << trec_id(document) << ' ' << relevance << '\n';
}

TrecRun read_trec_run(const std::filesystem::path& path) {
  static constexpr const char* kFields[] = {"query", "Q0", "document", "rank", "score"};
  TrecRun run;
  std::set<std::pair<std::string, std::string>> seen;
  for_each_line(path, kFields, 5, [&](const std::vector<std::string>& f, const std::string& where) {
    const auto score = number_in<float>(f[4], where, "score");
    if (std::isnan(score)) throw Error(ErrorKind::corrupt, where + "field \"score\" is NaN");
    if (!seen.emplace(f[0], f[2]).second) {
      throw Error(ErrorKind::corrupt, where + "field \"document\": \"" + f[2] +
                                          "\" is given twice for query \"" + f[0] + "\"");
    }
    run[f[0]].push_back({f[2], score});
  });
  return run;
}

TrecQrels read_trec_qrels(const std::filesystem::path& path) {
  static constexpr const char* kFields[] = {"query", "0", "document", "relevance"};
  TrecQrels qrels;
  for_each_line(path, kFields, 4, [&](const std::vector<std::string>& f, const std::string& where) {
    const auto relevance = number_in<std::int64_t>(f[3], where, "relevance");
    if (!qrels[f[0]].emplace(f[2], relevance).second) {
      throw Error(ErrorKind::corrupt, where + "field \"document\": \"" + f[2] +
                                          "\" is judged twice for query \"" + f[0] + "\"");
    }
  });
  return qrels;
}

QueryRanks ranks_in_run(std::span<const RunEntry> candidates,
                        const std::map<std::string, std::int64_t>& judgements) {
  std::vector<float> scores;
  std::vector<std::int64_t> positions;
  std::vector<double> gains;
  std::set<std::string_view> found;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    scores.push_back(candidates[i].score);
    const auto judged = judgements.find(candidates[i].document);
    if (judged == judgements.end() || judged->second <= 0) continue;
    found.insert(judged->first);
    positions.push_back(static_cast<std::int64_t>(i));
    gains.push_back(static_cast<double>(judged->second));
  }
  const auto ranks = ranks_of(scores, positions);
  QueryRanks answers;
  for (std::size_t i = 0; i < ranks.size(); ++i) answers.push_back({ranks[i], gains[i]});
  for (const auto& [document, relevance] : judgements) {
    if (relevance > 0 && !found.contains(document)) {
      answers.push_back({kUnranked, static_cast<double>(relevance)});
    }
  }
  return answers;
}

}  // namespace spencer
