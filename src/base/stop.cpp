#include "spencer/base/stop.h"

#include "spencer/base/error.h"

namespace spencer {

void StopFlag::check() const {
  if (requested()) throw Error(ErrorKind::interrupted, "interrupted");
}

}  // namespace spencer
