// What holds of bfloat16 on every CPU: it is computed, or refused with the reason and the way out.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

#include "scoped_variable.h"

namespace spencer {

inline constexpr const char* kBfloat16Refusal =
    "bfloat16 needs AVX-512 (avx512bw, avx512vl and avx512dq) or AVX-NE-CONVERT, which libtorch "
    "does not find on this CPU; use --precision float32 or auto";

/// Whether oneDNN must have bfloat16 products here; elsewhere it may.
inline bool must_have_bfloat16() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && std::getenv("ONEDNN_MAX_CPU_ISA") == nullptr;
}

/// Runs `work`, which asks for bfloat16 on the CPU. @return whether it was computed; if not, it was
/// refused, which is a failure on a CPU that can
template <typename Work>
bool computed_in_bfloat16(const Work& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_STREQ(error.what(), kBfloat16Refusal);
    EXPECT_FALSE(must_have_bfloat16());
    return false;
  }
}

/// For as long as it lives, EXPECT_EXIT runs its statement in a new process in which oneDNN keeps
/// to AVX2. (It reads the limit once per process.)
class ProcessesWithoutAvx512 {
 public:
  ProcessesWithoutAvx512() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  ~ProcessesWithoutAvx512() { GTEST_FLAG_SET(death_test_style, style_); }

 private:
  std::string style_ = GTEST_FLAG_GET(death_test_style);
  ScopedVariable limit_{"ONEDNN_MAX_CPU_ISA", "AVX2"};
};

/// Ends the process: with 0 if `work` was refused as unsupported, having printed the reason.
template <typename Work>
[[noreturn]] void exit_refused(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    std::exit(error.kind() == ErrorKind::unsupported ? 0 : 1);
  }
  std::exit(2);
}

}  // namespace spencer
