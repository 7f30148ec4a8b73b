// JSON records as a stream: one a line, or the elements of one array or object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "dataset/json_record.h"
#include "dataset/text_source.h"

namespace spencer {

class JsonRecords {
 public:
  /// @param members the file is one object, and each of its members is a record `{key: value}`;
  ///        otherwise a file that begins with '[' is an array of records, any other is JSON lines
  explicit JsonRecords(const std::filesystem::path& path, bool members = false);

  /// Moves to the next record. @throws Error{corrupt} if the file itself is damaged
  bool next();
  /// The present record; valid until the next one. @throws Error{corrupt} naming file and line
  JsonRecord parse() const;
  /// "file:line: ", of the line where the present record begins.
  std::string where() const;
  std::int64_t line() const { return record_line_; }

 private:
  bool next_element();
  bool next_line_of_text();
  void finish();

  TextSource source_;
  bool members_ = false;
  enum class Layout { unknown, lines, elements, finished } layout_ = Layout::unknown;
  std::string_view line_;
  std::size_t position_ = 0;  ///< in `line_`
  std::string record_;
  std::int64_t record_line_ = 0;
};

}  // namespace spencer
