// The one exception type of the library. The library never prints and never exits.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace spencer {

/// What went wrong, in the terms a caller can act on. A closed set.
enum class ErrorKind {
  invalid_argument,     ///< an option or an argument is outside its range
  not_found,            ///< a file, an index or a model is not there
  io,                   ///< the operating system refused a read or a write
  corrupt,              ///< a file is there, and is not what it claims to be
  unsupported_version,  ///< a file of another format version
  unsupported,          ///< a well-formed request or file that this build does not handle
  shape,                ///< tensors or vectors whose dimensions do not fit
  out_of_memory,        ///< host or device memory ran out
  interrupted,          ///< a stop was requested (see base/stop.h)
  internal,             ///< a defect of this library
};

std::string_view to_string(ErrorKind kind);

/// `what()` says what happened, to what, and, where there is one, the way out.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace spencer
