// Mixed precision: matrix products in bfloat16, parameters and the rest in float32.
#pragma once

#include <c10/core/Device.h>

namespace spencer {

/// libtorch's autocast to bfloat16 on a device kind, on or off for as long as it lives, in this
/// thread.
class Autocast {
 public:
  Autocast(c10::DeviceType device, bool enabled);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

  static bool is_enabled(c10::DeviceType device);

 private:
  c10::DeviceType device_;
  bool before_, cached_before_;
};

}  // namespace spencer
