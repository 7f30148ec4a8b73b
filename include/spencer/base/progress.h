// How long-running calls report where they are. The library reports; the caller draws.
#pragma once

#include <cstdint>
#include <string_view>

namespace spencer {

/// Receives progress. The default implementation ignores it. Called from one thread at a time.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A stage begins; `total` is in `unit`s, or -1 where it is not known.
  virtual void begin(std::string_view /*stage*/, std::int64_t /*total*/,
                     std::string_view /*unit*/) {}
  virtual void advance(std::int64_t /*amount*/) {}
  virtual void end() {}
};

}  // namespace spencer
