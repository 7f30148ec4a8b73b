// How libspencer finds its way into libspencer_torch.
#pragma once

#include "spencer/model/engine.h"

namespace spencer {

using EngineFactory = Engine* (*)();

/// The version at the end grows whenever Engine or what it hands out changes its layout.
inline constexpr const char* kEngineFactoryName = "spencer_make_engine_1";

}  // namespace spencer
