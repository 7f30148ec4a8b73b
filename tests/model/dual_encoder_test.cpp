#include "spencer/model/dual_encoder.h"

#include <cmath>

#include <gtest/gtest.h>

namespace spencer {

TEST(DualEncoder, AFittingCodeIsNearerThanAnother) {
  const auto encoder = DualEncoder::open(SPENCER_DEPS "/models/all-MiniLM-L6-v2");
  const auto query = encoder->encode_queries({"read a json file"});
  const auto codes = encoder->encode_codes(
      {"def load(path):\n    with open(path) as f:\n        return json.load(f)",
       "def area(r):\n    return 3.14159 * r * r"});
  ASSERT_EQ(query.size(), 384u);
  ASSERT_EQ(codes.size(), 2 * 384u);
  double first = 0, second = 0, norm = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    norm += query[i] * query[i];
    first += query[i] * codes[i];
    second += query[i] * codes[384 + i];
  }
  EXPECT_NEAR(norm, 1, 1e-5);
  EXPECT_GT(first, second + 0.2);
}

}  // namespace spencer
