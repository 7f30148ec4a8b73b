// Shares of a batch, each on a core of its own.
#pragma once

#include <cstddef>
#include <functional>

#include <c10/core/Device.h>

#include "spencer/model/engine.h"

namespace spencer {

/// How many passes go on at the same time: on a CPU one per thread, on other devices one.
std::size_t lane_count(const EngineOptions& options, c10::Device device);

/// Calls work(i, i % threads) for every i below `count`; calls of equal second argument come one
/// after the other, in order, and those of different ones at the same time. The first exception is
/// rethrown.
void in_shares(std::size_t count, std::size_t threads,
               const std::function<void(std::size_t index, std::size_t thread)>& work);

}  // namespace spencer
