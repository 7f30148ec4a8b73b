#include "spencer/index/embedding_text.h"

namespace spencer {

std::string embedding_text(const CodeRecord& record) {
  std::string text;
  text.reserve(record.name.size() + record.docstring.size() + record.code.size() + 2);
  text += record.name;
  text += '\n';
  if (!record.docstring.empty()) {
    text += record.docstring;
    text += '\n';
  }
  text += record.code;
  return text;
}

}  // namespace spencer
