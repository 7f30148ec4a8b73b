// Asking long work to stop at its next safe point.
#pragma once

#include <atomic>

namespace spencer {

/// Set from a signal handler or another thread; read by long-running library calls.
class StopFlag {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  /// @throws Error{interrupted} if a stop was requested.
  void check() const;

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace spencer
