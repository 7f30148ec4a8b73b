// Scores of many against many: right, and alike for alike vectors wherever they stand.
#include "spencer/eval/inner_products.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

std::vector<float> random_matrix(std::int64_t rows, std::int64_t dimension, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(rows * dimension));
  for (float& value : values) value = normal(random);
  return values;
}

TEST(InnerProducts, EqualADoubleSumForAllShapes) {
  for (const std::int64_t dimension : {1, 7, 384}) {
    for (const std::int64_t queries : {1, 5, 8, 19}) {
      for (const std::int64_t codes : {1, 31, 32, 100}) {
        const auto q = random_matrix(queries, dimension, 1);
        const auto c = random_matrix(codes, dimension, 2);
        std::vector<float> scores(static_cast<std::size_t>(queries * codes));
        inner_products({q, dimension}, {c, dimension}, scores, 2);
        for (std::int64_t i = 0; i < queries; ++i) {
          for (std::int64_t j = 0; j < codes; ++j) {
            double expected = 0, size = 0;
            for (std::int64_t d = 0; d < dimension; ++d) {
              const double term =
                  static_cast<double>(q[static_cast<std::size_t>(i * dimension + d)]) *
                  c[static_cast<std::size_t>(j * dimension + d)];
              expected += term;
              size += std::abs(term);
            }
            ASSERT_NEAR(scores[static_cast<std::size_t>(i * codes + j)], expected, 1e-6 * size)
                << dimension << " " << queries << " " << codes;
          }
        }
      }
    }
  }
}

TEST(InnerProducts, EqualVectorsScoreEqualWhereverTheyStand) {
  const std::int64_t dimension = 384, codes = 203, queries = 21;
  const auto one_code = random_matrix(1, dimension, 3), one_query = random_matrix(1, dimension, 4);
  std::vector<float> c, q;
  for (int j = 0; j < codes; ++j) c.insert(c.end(), one_code.begin(), one_code.end());
  for (int i = 0; i < queries; ++i) q.insert(q.end(), one_query.begin(), one_query.end());
  std::vector<float> scores(static_cast<std::size_t>(queries * codes));
  inner_products({q, dimension}, {c, dimension}, scores);
  for (const float score : scores) ASSERT_EQ(score, scores[0]);
}

TEST(InnerProducts, RefusesShapesThatDoNotFit) {
  const std::vector<float> values(12);
  std::vector<float> out(6);
  EXPECT_THROW(inner_products({values, 4}, {values, 6}, out), Error);
  EXPECT_THROW(inner_products({values, 4}, {values, 4}, out), Error);
}

}  // namespace
}  // namespace spencer
