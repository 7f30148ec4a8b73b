#include "spencer/dataset/challenge.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <set>

#include "spencer/base/error.h"

#include "dataset/text_source.h"

namespace spencer {
namespace {

constexpr std::size_t kUrlsCounted = 300;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Rows of a CSV file by column name; quoted fields may hold commas, quotes and line breaks.
class CsvReader {
 public:
  CsvReader(const std::filesystem::path& path, const std::vector<std::string>& columns)
      : source_(path) {
    std::vector<std::string> header;
    if (!read_row(header)) throw Error(ErrorKind::corrupt, path.string() + ": is empty");
    for (std::string& name : header) name = lower(std::move(name));
    for (const std::string& column : columns) {
      const auto found = std::find(header.begin(), header.end(), column);
      if (found == header.end()) {
        throw Error(ErrorKind::corrupt, where() + "column \"" + column + "\" is missing");
      }
      positions_.push_back(static_cast<std::size_t>(found - header.begin()));
      names_.push_back(column);
    }
  }

  /// @param values the asked-for columns, in the order they were asked for
  bool next(std::vector<std::string>& values) {
    std::vector<std::string> row;
    do {
      if (!read_row(row)) return false;
    } while (row.size() == 1 && row[0].empty());
    values.clear();
    for (std::size_t i = 0; i < positions_.size(); ++i) {
      if (positions_[i] >= row.size()) {
        throw Error(ErrorKind::corrupt, where() + "field \"" + names_[i] + "\" is missing");
      }
      values.push_back(std::move(row[positions_[i]]));
    }
    return true;
  }

  std::string where() const {
    return source_.path().string() + ":" + std::to_string(row_line_) + ": ";
  }

 private:
  bool read_row(std::vector<std::string>& row) {
    row.assign(1, "");
    std::string_view line;
    if (!source_.next_line(line)) return false;
    row_line_ = source_.line_number();
    bool quoted = false;
    while (true) {
      for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"') {
          const bool doubled = quoted && i + 1 < line.size() && line[i + 1] == '"';
          if (doubled) row.back() += line[++i];
          if (!doubled) quoted = !quoted;
        } else if (c == ',' && !quoted) {
          row.emplace_back();
        } else {
          row.back() += c;
        }
      }
      if (!quoted) return true;
      row.back() += '\n';
      if (!source_.next_line(line)) {
        throw Error(ErrorKind::corrupt, where() + "a quoted field does not end");
      }
    }
  }

  TextSource source_;
  std::vector<std::size_t> positions_;
  std::vector<std::string> names_;
  std::int64_t row_line_ = 0;
};

/// @param within whether urls that nobody annotated take no rank
/// @return nDCG, or -1 if no url has a positive relevance
double challenge_ndcg(const std::map<std::string, double>& relevance,
                      const std::vector<std::string>& urls, bool within) {
  const auto gain = [](double value, std::int64_t rank) {
    return (std::exp2(value) - 1) / std::log2(static_cast<double>(rank) + 1);
  };
  std::vector<double> ideal;
  for (const auto& [url, value] : relevance) ideal.push_back(value);
  std::sort(ideal.begin(), ideal.end(), std::greater<>());
  double possible = 0;
  for (std::size_t i = 0; i < ideal.size(); ++i) {
    possible += gain(ideal[i], static_cast<std::int64_t>(i) + 1);
  }
  if (possible == 0) return -1;
  double gained = 0;
  std::int64_t rank = 1;
  for (const std::string& url : urls) {
    const auto found = relevance.find(url);
    if (found != relevance.end()) gained += gain(found->second, rank);
    if (found != relevance.end() || !within) ++rank;
  }
  return gained / possible;
}

}  // namespace

ChallengeAnnotations read_challenge_annotations(const std::filesystem::path& csv) {
  struct Sum {
    double total = 0;
    int count = 0;
  };
  std::map<std::string, std::map<std::string, std::map<std::string, Sum>>> sums;
  CsvReader reader(csv, {"language", "query", "githuburl", "relevance"});
  for (std::vector<std::string> row; reader.next(row);) {
    double value = 0;
    const std::string& text = row[3];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) {
      throw Error(ErrorKind::corrupt,
                  reader.where() + "field \"Relevance\" is not a relevance: \"" + text + "\"");
    }
    Sum& sum = sums[lower(row[0])][lower(row[1])][row[2]];
    sum.total += value;
    ++sum.count;
  }
  ChallengeAnnotations annotations;
  for (const auto& [language, queries] : sums) {
    for (const auto& [query, urls] : queries) {
      for (const auto& [url, sum] : urls) annotations[language][query][url] = sum.total / sum.count;
    }
  }
  if (annotations.empty()) throw Error(ErrorKind::corrupt, csv.string() + ": holds no annotation");
  return annotations;
}

ChallengePredictions read_challenge_predictions(const std::filesystem::path& csv) {
  ChallengePredictions predictions;
  std::set<std::string> seen;
  CsvReader reader(csv, {"language", "query", "url"});
  for (std::vector<std::string> row; reader.next(row);) {
    const std::string language = lower(row[0]), query = lower(row[1]);
    if (row[2].empty()) throw Error(ErrorKind::corrupt, reader.where() + "field \"url\" is empty");
    if (!seen.insert(language + '\n' + query + '\n' + row[2]).second) {
      throw Error(ErrorKind::corrupt, reader.where() + "field \"url\": \"" + row[2] +
                                          "\" is given twice for query \"" + query + "\"");
    }
    auto& urls = predictions[language][query];
    if (urls.size() < kUrlsCounted) urls.push_back(std::move(row[2]));
  }
  return predictions;
}

std::vector<ChallengeScore> score_challenge(const ChallengeAnnotations& annotations,
                                            const ChallengePredictions& predictions) {
  static const std::map<std::string, std::vector<std::string>> kNothing;
  static const std::vector<std::string> kNoUrls;
  std::vector<ChallengeScore> scores;
  for (const auto& [language, queries] : annotations) {
    const auto of_language = predictions.find(language);
    const auto& predicted = of_language == predictions.end() ? kNothing : of_language->second;
    ChallengeScore score{language};
    for (const auto& [query, relevance] : queries) {
      const auto found = predicted.find(query);
      const auto& urls = found == predicted.end() ? kNoUrls : found->second;
      const double within = challenge_ndcg(relevance, urls, true);
      if (within < 0) continue;
      ++score.queries;
      score.ndcg_within += within;
      score.ndcg_all += challenge_ndcg(relevance, urls, false);
    }
    if (score.queries > 0) {
      score.ndcg_within /= static_cast<double>(score.queries);
      score.ndcg_all /= static_cast<double>(score.queries);
    }
    scores.push_back(score);
  }
  return scores;
}

}  // namespace spencer
