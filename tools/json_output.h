// JSON for standard output.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace spencer {

/// One line of JSON, UTF-8. What a terminal might act on is written as \u escapes, and bytes of a
/// file name that are no UTF-8 as U+FFFD.
std::string json_text(const nlohmann::ordered_json& value);

}  // namespace spencer
