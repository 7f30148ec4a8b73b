// The CodeSearchNet challenge: expert relevance annotations, and nDCG of a prediction file.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace spencer {

/// language -> query -> url -> mean relevance (0 to 3); languages and queries in lower case.
using ChallengeAnnotations =
    std::map<std::string, std::map<std::string, std::map<std::string, double>>>;
/// language -> query -> urls, best first.
using ChallengePredictions = std::map<std::string, std::map<std::string, std::vector<std::string>>>;

/// Columns Language, Query, GitHubUrl, Relevance (others are not read), in any order.
/// @throws Error{corrupt} naming file, line and field
ChallengeAnnotations read_challenge_annotations(const std::filesystem::path& csv);
/// Columns language, query, url; of each query the first 300 urls count, as in the challenge.
ChallengePredictions read_challenge_predictions(const std::filesystem::path& csv);

struct ChallengeScore {
  std::string language;
  std::int64_t queries =
      0;                   ///< with at least one url of positive relevance; the others are left out
  double ndcg_within = 0;  ///< urls that nobody annotated take no rank
  double ndcg_all = 0;     ///< they do
};

/// Gain 2^relevance - 1, discount log2(rank + 1). One row per language, by name.
std::vector<ChallengeScore> score_challenge(const ChallengeAnnotations& annotations,
                                            const ChallengePredictions& predictions);

}  // namespace spencer
