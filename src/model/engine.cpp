#include "spencer/model/engine.h"

#include <charconv>
#include <mutex>

#include <dlfcn.h>

#include "spencer/base/environment.h"
#include "spencer/base/error.h"

#include "model/engine_abi.h"
#include "model/libtorch_search.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

bool is_device(const std::string& device) {
  if (device == "auto" || device == "cpu" || device == "cuda") return true;
  if (!device.starts_with("cuda:")) return false;
  int index = 0;
  const char* end = device.data() + device.size();
  const auto [stop, error] = std::from_chars(device.data() + 5, end, index);
  return error == std::errc() && stop == end && index >= 0;
}

/// A library loaded for good: torch registers things that must not go away.
void* load_library(const fs::path& path, int flags) {
  void* handle = ::dlopen(path.c_str(), flags | RTLD_NODELETE);
  if (handle == nullptr) {
    const char* reason = ::dlerror();
    throw Error(ErrorKind::not_found,
                "cannot load " + path.string() + ": " + (reason ? reason : "no reason given"));
  }
  return handle;
}

void load_libtorch() {
  constexpr const char* name = "libtorch_cpu.so";
  if (::dlopen(name, RTLD_LAZY | RTLD_NOLOAD) != nullptr) return;
  const bool named = !environment("SPENCER_LIBTORCH").empty();
  if (!named && ::dlopen(name, RTLD_LAZY | RTLD_NODELETE) != nullptr) return;
  const LibtorchSearch search = find_libtorch();
  if (search.folder.empty()) throw Error(ErrorKind::not_found, search.explanation());
  load_library(search.folder / "libc10.so", RTLD_LAZY);
  load_library(search.folder / name, RTLD_LAZY);
}

void* load_torch_part() {
  static std::mutex mutex;
  static void* library = nullptr;
  const std::lock_guard lock(mutex);
  if (library == nullptr) {
    load_libtorch();
    library = load_library(own_library_folder() / "libspencer_torch.so", RTLD_NOW);
  }
  return library;
}

}  // namespace

void EngineOptions::validate() const {
  if (!is_device(device)) {
    throw Error(ErrorKind::invalid_argument,
                "device '" + device + "' is not one of auto, cpu, cuda, cuda:N");
  }
  if (threads < 0 || threads > 4096) {
    throw Error(ErrorKind::invalid_argument,
                "threads is " + std::to_string(threads) + "; it must be 0 (one per core) to 4096");
  }
  if (batch_tokens < 0) {
    throw Error(ErrorKind::invalid_argument, "batch_tokens is " + std::to_string(batch_tokens) +
                                                 "; it must be 0 (automatic) or more");
  }
  if (exit_layer < 0) {
    throw Error(ErrorKind::invalid_argument, "exit_layer is " + std::to_string(exit_layer) +
                                                 "; it must be 0 (the last) or a layer's number");
  }
}

void* engine_symbol(const char* name) {
  void* symbol = ::dlsym(load_torch_part(), name);
  if (symbol == nullptr) {
    throw Error(ErrorKind::unsupported_version,
                "libspencer_torch.so is of another version than libspencer.so; install both anew");
  }
  return symbol;
}

Engine& load_engine() {
  // Never destroyed: torch's own statics may go first.
  static Engine* engine = reinterpret_cast<EngineFactory>(engine_symbol(kEngineFactoryName))();
  return *engine;
}

std::shared_future<Engine*> load_engine_async() {
  return std::async(std::launch::async, [] { return &load_engine(); }).share();
}

}  // namespace spencer
