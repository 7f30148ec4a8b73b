// Where libtorch's exceptions become ours.
#pragma once

#include <new>
#include <string>

#include <c10/util/Exception.h>

#include "spencer/base/error.h"

namespace spencer {

/// Runs `work`. @param memory_advice what to do where memory ran out
template <typename Work>
auto guarded(const std::string& memory_advice, const Work& work) {
  const auto out_of_memory = [&](const std::string& what) {
    return Error(ErrorKind::out_of_memory,
                 "not enough memory; " + memory_advice + ". libtorch says: " + what);
  };
  try {
    return work();
  } catch (const std::bad_alloc& error) {
    throw out_of_memory(error.what());
  } catch (const c10::OutOfMemoryError& error) {
    throw out_of_memory(error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    if (what.find("can't allocate memory") != std::string::npos) throw out_of_memory(what);
    throw Error(ErrorKind::internal, "libtorch failed: " + what);
  }
}

}  // namespace spencer
