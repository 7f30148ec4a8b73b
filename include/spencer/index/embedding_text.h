// What the code encoder reads of a record.
#pragma once

#include <string>

#include "spencer/source/record.h"

namespace spencer {

/// The text whose vector stands for the record: name, docstring, code. Records that give the same
/// text share a vector, wherever they lie.
std::string embedding_text(const CodeRecord& record);

}  // namespace spencer
