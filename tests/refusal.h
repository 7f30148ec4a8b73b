// What is said where something is refused.
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {

/// The message of the error that `work` ends with; a failure if it is of another kind, or none.
inline std::string refusal(const std::function<void()>& work, ErrorKind kind) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

}  // namespace spencer
