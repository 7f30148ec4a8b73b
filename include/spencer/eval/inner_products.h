// Scores of many queries against many codes, alike for alike vectors wherever they stand.
#pragma once

#include <cstdint>
#include <span>

namespace spencer {

/// Rows of float32 side by side.
struct MatrixView {
  std::span<const float> values;  ///< [rows, dimension]
  std::int64_t dimension = 0;
  std::int64_t rows() const {
    return dimension == 0 ? 0 : static_cast<std::int64_t>(values.size()) / dimension;
  }
  std::span<const float> row(std::int64_t i) const {
    return values.subspan(static_cast<std::size_t>(i * dimension),
                          static_cast<std::size_t>(dimension));
  }
};

/// out[i, j] = inner product of query i and code j. Every product is summed in the same order,
/// whatever its place and whatever the number of threads: equal codes get equal scores, so that
/// ties are ties. (A BLAS does not promise that.)
/// @param out float32 [queries.rows(), codes.rows()]
/// @param threads 0 = one per core
/// @throws Error{shape} if the dimensions differ or `out` does not fit
void inner_products(const MatrixView& queries, const MatrixView& codes, std::span<float> out,
                    int threads = 0);

}  // namespace spencer
