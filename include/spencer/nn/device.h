// Where tensors live: the CPU, or a CUDA device whose libraries are loaded only when asked for.
#pragma once

#include <string>

#include <c10/core/Device.h>

namespace spencer {

/// @param name "cpu", "cuda", "cuda:N", or "auto": a CUDA device where there is a usable one (a
///        warning is logged where one is there and is not usable), else the CPU
/// @throws Error{unsupported} if CUDA was asked for by name and cannot be used, saying why
at::Device open_device(const std::string& name);

}  // namespace spencer
