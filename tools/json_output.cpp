#include "json_output.h"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "spencer/base/text.h"

#include "terminal.h"

namespace spencer {

std::string json_text(const nlohmann::ordered_json& value) {
  const std::string dumped =
      value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string out;
  out.reserve(dumped.size());
  for (std::size_t position = 0; position < dumped.size();) {
    const std::size_t start = position;
    const char32_t c = next_code_point(dumped, position);
    if (is_unsafe(c)) {  // inside a string: dump() itself writes none of these elsewhere
      char form[8];
      std::snprintf(form, sizeof form, "\\u%04x", static_cast<unsigned>(c));
      out += form;
    } else {
      out.append(dumped, start, position - start);
    }
  }
  return out;
}

}  // namespace spencer
