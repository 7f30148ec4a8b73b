// Whole runs: breaking them off, and what they leave behind.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/nn/safetensors.h"
#include "spencer/train/trainer.h"

#include "refusal.h"

namespace spencer {

inline void expect_equal_weights(const std::filesystem::path& a, const std::filesystem::path& b) {
  const Weights first = Weights::open(a), second = Weights::open(b);
  ASSERT_EQ(first.names(), second.names());
  for (const std::string& name : first.names()) {
    EXPECT_TRUE(at::equal(first.tensor(name), second.tensor(name))) << name;
  }
}

/// Stops a run after `steps` steps, as Ctrl-C does.
template <typename Options, typename Train>
void interrupt_after(std::int64_t steps, const Options& options, const Train& train) {
  StopFlag stop;
  TrainHooks hooks;
  hooks.stop = &stop;
  hooks.on_step = [&](const StepReport& step) {
    if (step.step == steps) stop.request();
  };
  try {
    train(options, hooks);
    FAIL() << "it ran to its end";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
}

}  // namespace spencer
