#include "allocator.h"

#include <cstddef>
#include <memory>

#include <gtest/gtest.h>

#ifdef __GLIBC__
#include <malloc.h>

namespace spencer {
namespace {

constexpr std::size_t kLarge = std::size_t{100} << 20;  // no tensor of this size is kept by default

/// Bytes taken from the system: by the heap, and by mappings of single large pieces.
struct Taken {
  std::size_t heap = mallinfo2().arena, mapped = mallinfo2().hblkhd;
};

void allocate_and_free() {
  const auto piece = std::make_unique<char[]>(kLarge);
  static_cast<volatile char*>(piece.get())[0] = 1;  // or the compiler leaves both out
}

TEST(Allocator, KeepsWhatIsFreed) {
  keep_freed_memory();
  const Taken before;
  allocate_and_free();
  const Taken after;
  EXPECT_GE(after.heap, before.heap + kLarge);
  EXPECT_EQ(after.mapped, before.mapped);
  allocate_and_free();
  EXPECT_EQ(Taken().heap, after.heap) << "the second piece is the first one's memory";
}

}  // namespace
}  // namespace spencer
#endif
