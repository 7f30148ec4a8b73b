// Lines of a text file, plain or gzipped, read as a stream.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace spencer {

class TextSource {
 public:
  /// @throws Error{not_found, io}
  explicit TextSource(std::filesystem::path path);
  ~TextSource();
  TextSource(const TextSource&) = delete;
  TextSource& operator=(const TextSource&) = delete;

  /// The next line, without its line break; valid until the next call. A byte order mark at the
  /// start is left out. @throws Error{corrupt} if the gzip stream is damaged or cut short
  bool next_line(std::string_view& line);

  const std::filesystem::path& path() const { return path_; }
  std::int64_t line_number() const { return line_number_; }  ///< of the last line, from 1

 private:
  bool fill();

  std::filesystem::path path_;
  gzFile file_ = nullptr;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::string joined_;  ///< a line that does not lie in one piece of the buffer
  std::int64_t line_number_ = 0;
};

}  // namespace spencer
