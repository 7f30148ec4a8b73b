#include "spencer/base/error.h"

namespace spencer {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_argument: return "invalid argument";
    case ErrorKind::not_found: return "not found";
    case ErrorKind::io: return "input/output error";
    case ErrorKind::corrupt: return "corrupt file";
    case ErrorKind::unsupported_version: return "unsupported version";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::shape: return "shape mismatch";
    case ErrorKind::out_of_memory: return "out of memory";
    case ErrorKind::interrupted: return "interrupted";
    case ErrorKind::internal: return "internal error";
  }
  return "unknown error";
}

}  // namespace spencer
