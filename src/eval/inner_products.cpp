#include "spencer/eval/inner_products.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "spencer/base/error.h"

#include "eval/parallel.h"

namespace spencer {
namespace {

/// Sums over dimensions one by one, with a code per lane: `kRows` queries against 2 * kLanes codes.
/// @param panel [dimension][2 * kLanes], the codes turned so that lanes are codes
template <int kLanes, int kRows>
[[gnu::always_inline]] inline void tile(const float* queries, const float* panel,
                                        std::int64_t dimension, float* out) {
  typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));
  Lanes sums[kRows][2] = {};
  for (std::int64_t d = 0; d < dimension; ++d) {
    const Lanes first = *reinterpret_cast<const Lanes*>(panel + d * 2 * kLanes);
    const Lanes second = *reinterpret_cast<const Lanes*>(panel + d * 2 * kLanes + kLanes);
    for (int i = 0; i < kRows; ++i) {
      const float value = queries[i * dimension + d];
      sums[i][0] += value * first;
      sums[i][1] += value * second;
    }
  }
  std::memcpy(out, sums, sizeof sums);
}

/// One panel of codes against all queries.
struct PanelTask {
  const float* queries;
  const float* panel;
  float* out;  ///< [queries, stride], at the panel's first code
  std::int64_t query_count, dimension, stride, codes_in_panel;
};

template <int kLanes, int kRows>
[[gnu::always_inline]] inline void score_panel(const PanelTask& task) {
  float block[kRows * 2 * kLanes];
  const auto bytes = static_cast<std::size_t>(task.codes_in_panel) * sizeof(float);
  std::int64_t i = 0;
  for (; i + kRows <= task.query_count; i += kRows) {
    tile<kLanes, kRows>(task.queries + i * task.dimension, task.panel, task.dimension, block);
    for (int r = 0; r < kRows; ++r) {
      std::memcpy(task.out + (i + r) * task.stride, block + r * 2 * kLanes, bytes);
    }
  }
  for (; i < task.query_count; ++i) {
    tile<kLanes, 1>(task.queries + i * task.dimension, task.panel, task.dimension, block);
    std::memcpy(task.out + i * task.stride, block, bytes);
  }
}

struct Kernel {
  int panel_codes;
  void (*score)(const PanelTask&);
};

#if defined(__x86_64__)
[[gnu::target("avx512f")]] void score_avx512(const PanelTask& task) { score_panel<16, 8>(task); }
[[gnu::target("avx2,fma")]] void score_avx2(const PanelTask& task) { score_panel<8, 6>(task); }
#endif
void score_plain(const PanelTask& task) { score_panel<4, 4>(task); }

Kernel best_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {32, score_avx512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {16, score_avx2};
#endif
  return {8, score_plain};
}

}  // namespace

void inner_products(const MatrixView& queries, const MatrixView& codes, std::span<float> out,
                    int threads) {
  const std::int64_t query_count = queries.rows(), code_count = codes.rows();
  const std::int64_t dimension = queries.dimension;
  if (dimension != codes.dimension) {
    throw Error(ErrorKind::shape, "query vectors have " + std::to_string(dimension) +
                                      " dimensions, code vectors " +
                                      std::to_string(codes.dimension));
  }
  if (static_cast<std::int64_t>(out.size()) != query_count * code_count) {
    throw Error(ErrorKind::shape, "inner products: " + std::to_string(out.size()) + " places for " +
                                      std::to_string(query_count) + " x " +
                                      std::to_string(code_count) + " scores");
  }
  if (query_count == 0 || code_count == 0) return;
  static const Kernel kernel = best_kernel();
  const std::int64_t width = kernel.panel_codes;
  parallel_for((code_count + width - 1) / width, threads, [&](std::int64_t p) {
    const std::int64_t begin = p * width, count = std::min(width, code_count - begin);
    thread_local std::vector<float> panel;
    panel.assign(static_cast<std::size_t>(dimension * width), 0.0f);
    for (std::int64_t j = 0; j < count; ++j) {
      const float* code = codes.values.data() + (begin + j) * dimension;
      for (std::int64_t d = 0; d < dimension; ++d) {
        panel[static_cast<std::size_t>(d * width + j)] = code[d];
      }
    }
    kernel.score({queries.values.data(), panel.data(), out.data() + begin, query_count, dimension,
                  code_count, count});
  });
}

}  // namespace spencer
