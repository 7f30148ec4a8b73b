#include "spencer/nn/device.h"

#include <filesystem>

#include <ATen/Context.h>
#include <dlfcn.h>

#include "spencer/base/error.h"
#include "spencer/base/log.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

/// Loads libtorch_cuda from beside libtorch_cpu. @return why it cannot be used, or empty
std::string load_cuda() {
  if (!at::globalContext().hasCUDA()) {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<const void*>(&at::globalContext), &info) == 0) {
      return "the loader does not know where libtorch lies";
    }
    const fs::path library = fs::absolute(info.dli_fname).parent_path() / "libtorch_cuda.so";
    if (!fs::exists(library)) return library.string() + " is missing: this libtorch is for CPUs";
    if (::dlopen(library.c_str(), RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE) == nullptr) {
      const char* reason = ::dlerror();
      return reason == nullptr ? "libtorch_cuda.so does not load" : reason;
    }
  }
  if (!at::globalContext().hasCUDA()) return "the driver offers no CUDA device";
  return {};
}

bool has_nvidia_device() { return fs::exists("/dev/nvidia0") || fs::exists("/dev/dxg"); }

}  // namespace

at::Device open_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name == "auto" && !has_nvidia_device()) return at::kCPU;
  const std::string problem = load_cuda();
  if (name == "auto") {
    if (problem.empty()) return at::Device(at::kCUDA, 0);
    log(LogLevel::warning, "there is an NVIDIA device, and the CPU is used: " + problem);
    return at::kCPU;
  }
  if (!problem.empty()) {
    throw Error(ErrorKind::unsupported, "device '" + name + "' cannot be used: " + problem);
  }
  const at::Device device(name);
  const int count = at::detail::getCUDAHooks().deviceCount();
  if (device.index() >= count) {
    throw Error(ErrorKind::unsupported, "device '" + name + "' is not there; this machine has " +
                                            std::to_string(count) + " CUDA device(s)");
  }
  return device.has_index() ? device : at::Device(at::kCUDA, 0);
}

}  // namespace spencer
