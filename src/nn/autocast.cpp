#include "spencer/nn/autocast.h"

#include <ATen/autocast_mode.h>

namespace spencer {

Autocast::Autocast(c10::DeviceType device, bool enabled)
    : device_(device),
      before_(at::autocast::is_autocast_enabled(device)),
      cached_before_(at::autocast::is_autocast_cache_enabled()) {
  at::autocast::set_autocast_enabled(device, enabled);
  at::autocast::set_autocast_dtype(device, at::kBFloat16);
  // The cache of weights in bfloat16 is one for all threads, and ties their graphs together.
  at::autocast::set_autocast_cache_enabled(false);
}

Autocast::~Autocast() {
  at::autocast::set_autocast_cache_enabled(cached_before_);
  at::autocast::set_autocast_enabled(device_, before_);
}

bool Autocast::is_enabled(c10::DeviceType device) {
  return at::autocast::is_autocast_enabled(device);
}

}  // namespace spencer
