#include "store/exact_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

#include <faiss/utils/distances.h>

namespace spencer {
namespace {

constexpr std::int64_t kBlock = 256;                // rows scored between two looks at the heap
constexpr std::int64_t kFloatsPerThread = 1 << 22;  // about a millisecond's reading

bool better(const ScoredRecord& a, const ScoredRecord& b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

/// Keeps the k best of what it is shown, the worst of them on top of the heap.
class TopK {
 public:
  explicit TopK(std::int64_t k) : k_(static_cast<std::size_t>(k)) {}

  void show(ScoredRecord candidate) {
    if (std::isnan(candidate.score)) return;
    if (heap_.size() == k_) {
      if (!better(candidate, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
  const std::vector<ScoredRecord>& kept() const { return heap_; }
  std::vector<ScoredRecord> sorted() && {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<ScoredRecord> heap_;
};

void scan(const VectorFile& vectors, const float* query, RowRange range, TopK& top) {
  const auto dimension = static_cast<std::size_t>(vectors.dimension());
  std::array<float, kBlock> scores;
  for (std::int64_t row = range.begin; row < range.end; row += kBlock) {
    const std::int64_t count = std::min(kBlock, range.end - row);
    faiss::fvec_inner_products_ny(scores.data(), query, vectors.row(row).data(), dimension,
                                  static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      top.show({row + i, scores[static_cast<std::size_t>(i)]});
    }
  }
}

/// The ranges cut into `parts` lists of about equally many rows.
std::vector<RowRanges> divide(const RowRanges& ranges, std::int64_t rows, std::int64_t parts) {
  const std::int64_t share = (rows + parts - 1) / parts;
  std::vector<RowRanges> lists(1);
  std::int64_t room = share;
  for (RowRange range : ranges) {
    while (range.begin < range.end) {
      if (room == 0) {
        lists.emplace_back();
        room = share;
      }
      const std::int64_t taken = std::min(room, range.end - range.begin);
      lists.back().push_back({range.begin, range.begin + taken});
      range.begin += taken;
      room -= taken;
    }
  }
  return lists;
}

}  // namespace

std::int64_t count_rows(const RowRanges& ranges) {
  std::int64_t rows = 0;
  for (const RowRange& range : ranges) rows += range.end - range.begin;
  return rows;
}

std::vector<ScoredRecord> exact_search(const VectorFile& vectors, std::span<const float> query,
                                       std::int64_t k, const RowRanges& ranges,
                                       std::int64_t threads) {
  const std::int64_t rows = count_rows(ranges);
  if (threads == 0) {
    const std::int64_t worthwhile = rows * vectors.dimension() / kFloatsPerThread;
    threads =
        std::clamp<std::int64_t>(worthwhile, 1, std::max(1u, std::thread::hardware_concurrency()));
  }
  const auto lists = divide(ranges, rows, threads);
  std::vector<TopK> tops(lists.size(), TopK(k));
  const auto work = [&](std::size_t i) {
    for (const RowRange& range : lists[i]) scan(vectors, query.data(), range, tops[i]);
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < lists.size(); ++i) others.emplace_back(work, i);
    work(0);
  }
  for (std::size_t i = 1; i < tops.size(); ++i) {
    for (const ScoredRecord& candidate : tops[i].kept()) tops[0].show(candidate);
  }
  return std::move(tops[0]).sorted();
}

std::vector<ScoredRecord> best_of(const VectorFile& vectors, std::span<const float> query,
                                  std::int64_t k, std::span<const std::int64_t> rows) {
  TopK top(k);
  for (const std::int64_t row : rows) {
    top.show({row, faiss::fvec_inner_product(query.data(), vectors.row(row).data(), query.size())});
  }
  return std::move(top).sorted();
}

}  // namespace spencer
