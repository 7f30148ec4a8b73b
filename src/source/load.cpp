// Reads a file, makes it UTF-8, and judges whether it is worth indexing.
#include <system_error>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/text.h"
#include "spencer/source/language.h"
#include "spencer/source/walk.h"

#include "source/generated.h"

namespace spencer {
namespace {

LoadedSource skip(SkipReason reason) {
  LoadedSource result;
  result.skipped = true;
  result.reason = reason;
  return result;
}

/// UTF-16 after its byte order mark; unpaired surrogates become U+FFFD.
std::string from_utf16(std::string_view bytes, bool big_endian) {
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]);
    const auto b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<char32_t>(big_endian ? a << 8 | b : b << 8 | a);
  };
  std::string result;
  for (std::size_t i = 2; i + 1 < bytes.size(); i += 2) {
    char32_t code = unit(i);
    if (code >= 0xD800 && code <= 0xDFFF) {
      const char32_t low = code < 0xDC00 && i + 3 < bytes.size() ? unit(i + 2) : 0;
      const bool paired = low >= 0xDC00 && low <= 0xDFFF;
      code = paired ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : kReplacementCharacter;
      i += paired ? 2 : 0;
    }
    append_utf8(result, code);
  }
  return result;
}

}  // namespace

LoadedSource load_source(const std::filesystem::path& root, const std::string& path,
                         const WalkOptions& options) {
  std::string bytes;
  std::error_code error;
  try {
    bytes = read_file(std::filesystem::is_directory(root, error) ? root / path : root);
  } catch (const Error&) {
    return skip(SkipReason::unreadable);
  }
  if (static_cast<std::int64_t>(bytes.size()) > options.max_file_bytes) {
    return skip(SkipReason::too_large);  // it has grown since the walk
  }
  if (bytes.starts_with("\xFF\xFE")) {
    bytes = from_utf16(bytes, false);
  } else if (bytes.starts_with("\xFE\xFF")) {
    bytes = from_utf16(bytes, true);
  } else if (bytes.starts_with("\xEF\xBB\xBF")) {
    bytes.erase(0, 3);
  }
  if (bytes.find('\0') != std::string::npos) return skip(SkipReason::binary);
  LoadedSource result;
  result.text = is_valid_utf8(bytes) ? std::move(bytes) : to_valid_utf8(bytes);
  if (result.text.find_first_not_of(" \t\r\n\f\v") == std::string::npos) {
    return skip(SkipReason::empty);
  }
  result.language = detect_language(path, result.text);
  if (!options.generated && has_generated_mark(result.text)) return skip(SkipReason::generated);
  if (!options.generated && is_minified_text(result.text, result.language)) {
    return skip(SkipReason::minified);
  }
  return result;
}

}  // namespace spencer
