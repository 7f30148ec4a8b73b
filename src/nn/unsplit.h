// Operations on one thread each.
#pragma once

#include <ATen/Parallel.h>

namespace spencer {

/// Keeps libtorch from splitting this thread's operations over others, for as long as it lives:
/// with a share of the work for each core there is no barrier at which a thread that lost its core
/// holds up the others, and sums come out the same every time.
class UnsplitOperations {
 public:
  UnsplitOperations() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~UnsplitOperations() { at::set_num_threads(before_); }
  UnsplitOperations(const UnsplitOperations&) = delete;
  UnsplitOperations& operator=(const UnsplitOperations&) = delete;

 private:
  int before_;
};

}  // namespace spencer
