// Small pieces of HTML and SVG text.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "spencer/base/text.h"

namespace spencer::html {

/// Text for element content and attribute values, valid UTF-8.
inline std::string escape(std::string_view text) {
  std::string out;
  for (const char c : to_valid_utf8(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\0': out += "\xEF\xBF\xBD"; break;
      default: out += c;
    }
  }
  return out;
}

inline std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

inline std::string element(std::string_view name, std::string_view content,
                           std::string_view attributes = {}) {
  std::string out = "<" + std::string(name);
  if (!attributes.empty()) out.append(" ").append(attributes);
  return out.append(">").append(content).append("</").append(name).append(">");
}

/// Colour number i of a palette that people with the usual colour blindnesses can tell apart.
inline std::string_view color(std::size_t i) {
  static constexpr std::string_view kColors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#7f7f7f", "#8c6d31"};
  return kColors[i % std::size(kColors)];
}

}  // namespace spencer::html
