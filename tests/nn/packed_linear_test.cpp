#include "nn/packed_linear.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/nn/layers.h"

#include "bfloat16.h"

namespace spencer {
namespace {

using ::testing::ExitedWithCode;
using ::testing::HasSubstr;

// Small whole numbers: each product and sum is one that bfloat16 holds exactly.
TEST(Bfloat16, GivesTheRightNumbersOrIsRefused) {
  const c10::InferenceMode inference;
  const at::Tensor x = at::tensor({1.0F, 2.0F, -1.0F, 3.0F}).view({2, 2});
  const at::Tensor weight = at::tensor({2.0F, 1.0F, 0.0F, -3.0F}).view({2, 2});
  const at::Tensor bias = at::tensor({5.0F, 1.0F});
  at::Tensor ours;
  if (!computed_in_bfloat16([&] {
        require_bfloat16(at::kCPU);
        ours = packed_linear(x.to(at::kBFloat16), pack_weight(weight.to(at::kBFloat16)),
                             bias.to(at::kBFloat16));
      })) {
    return;
  }
  EXPECT_TRUE(ours.to(at::kFloat).equal(at::tensor({9.0F, -5.0F, 6.0F, -8.0F}).view({2, 2})));
}

TEST(Bfloat16, IsRefusedWithoutAvx512AndNotPreferred) {
  const ProcessesWithoutAvx512 limited;
  EXPECT_EXIT(exit_refused([] {
                if (!cpu_prefers_bfloat16()) require_bfloat16(at::kCPU);
              }),
              ExitedWithCode(0), HasSubstr(kBfloat16Refusal));
}

TEST(Bfloat16, OnADeviceDoesNotHangOnTheCpu) {
  const ProcessesWithoutAvx512 limited;
  EXPECT_EXIT(
      {
        require_bfloat16(at::Device(at::kCUDA, 0));
        std::exit(0);
      },
      ExitedWithCode(0), "");
}

TEST(Bfloat16, TheCpusPreferenceIsAlwaysToBeHad) { EXPECT_NO_THROW(cpu_prefers_bfloat16()); }

}  // namespace
}  // namespace spencer
