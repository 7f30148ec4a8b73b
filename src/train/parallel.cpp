#include "train/parallel.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

#include "nn/unsplit.h"

namespace spencer {

std::size_t lane_count(const EngineOptions& options, c10::Device device) {
  if (!device.is_cpu()) return 1;
  if (options.threads > 0) return static_cast<std::size_t>(options.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

void in_shares(std::size_t count, std::size_t threads,
               const std::function<void(std::size_t index, std::size_t thread)>& work) {
  const std::size_t used = std::min(count, threads);
  std::vector<std::exception_ptr> failures(used);
  const auto take = [&](std::size_t thread) {
    try {
      for (std::size_t i = thread; i < count; i += used) work(i, thread);
    } catch (...) {
      failures[thread] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (std::size_t thread = 1; thread < used; ++thread) {
    others.emplace_back([&, thread] {
      const UnsplitOperations unsplit;  // OpenMP keeps the number per thread
      take(thread);
    });
  }
  if (used > 0) take(0);
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace spencer
