#include "verbs/search_output.h"

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <string_view>

#include <nlohmann/json.hpp>

#include "spencer/base/text.h"
#include "spencer/search/words.h"

#include "highlight.h"
#include "json_output.h"
#include "progress_display.h"
#include "terminal.h"

namespace spencer {
namespace {

constexpr const char* kPathColor = "\x1b[35m";
constexpr const char* kLineColor = "\x1b[32m";
constexpr const char* kNameColor = "\x1b[1m";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kReset = "\x1b[0m";
constexpr int kTabColumns = 4;

const char* color_of(Style style) {
  switch (style) {
    case Style::keyword: return "\x1b[34m";
    case Style::string: return "\x1b[32m";
    case Style::comment: return "\x1b[90m";
    case Style::number: return "\x1b[36m";
    case Style::plain: break;
  }
  return "";
}

std::string painted(std::string_view text, const char* color, bool use) {
  return use ? color + std::string(text) + kReset : std::string(text);
}

/// Writes one line of code: safe characters only, cut at `width` columns, coloured byte by byte.
class CodeLine {
 public:
  CodeLine(std::ostream& out, int width, bool color) : out_(out), width_(width), color_(color) {}

  void write(std::string_view line, const Style* styles, const std::vector<bool>& marked) {
    for (std::size_t position = 0; position < line.size();) {
      const std::size_t start = position;
      next_code_point(line, position);
      const std::string_view bytes = line.substr(start, position - start);
      const std::string shown = bytes == "\t" ? std::string(tab_width(), ' ') : printable(bytes);
      const int columns = display_width(shown);
      const bool last = position == line.size();
      if (width_ > 0 && column_ + columns > width_ - (last ? 0 : 1)) {
        paint("");
        out_ << "\xE2\x80\xA6";
        return;
      }
      paint(color_ ? look(styles[start], marked[start]) : "");
      out_ << shown;
      column_ += columns;
    }
    paint("");
  }

 private:
  std::size_t tab_width() const {
    return static_cast<std::size_t>(kTabColumns - column_ % kTabColumns);
  }
  static std::string look(Style style, bool marked) {
    return std::string(color_of(style)) + (marked ? "\x1b[1;4m" : "");
  }
  void paint(const std::string& wanted) {
    if (wanted == current_) return;
    if (!current_.empty()) out_ << kReset;
    out_ << wanted;
    current_ = wanted;
  }

  std::ostream& out_;
  int width_;
  bool color_;
  int column_ = 0;
  std::string current_;
};

/// Which bytes of the code belong to a word of the query.
std::vector<bool> marked_bytes(std::string_view code,
                               const std::unordered_set<std::string>& stems) {
  std::vector<bool> marked(code.size(), false);
  for (const Word& word : split_words(code)) {
    if (!stems.contains(word.stem)) continue;
    for (std::size_t i = 0; i < word.length; ++i) marked[word.offset + i] = true;
  }
  return marked;
}

void write_heading(std::ostream& out, const Hit& hit, const TextStyle& style) {
  const CodeRecord& record = hit.record;
  const std::string path = (style.shown_prefix / record.path).lexically_normal().string();
  const std::string line = std::to_string(record.start_line);
  out << painted(printable(path), kPathColor, style.color) << ':'
      << painted(line, kLineColor, style.color) << "  "
      << painted(printable(record.name), kNameColor, style.color) << "  "
      << painted("(" + printable(record.kind) + ")", kDim, style.color) << "  "
      << fixed(hit.score, 3);
  if (hit.rerank_score) out << painted("  recall " + fixed(hit.recall_score, 3), kDim, style.color);
  out << '\n';
}

void write_code(std::ostream& out, const Hit& hit, const TextStyle& style) {
  if (hit.best_lines.empty()) return;
  const std::string& code = hit.record.code;
  const std::vector<Style> styles = highlight(code, hit.record.language);
  const std::vector<bool> marked = marked_bytes(code, style.stems);
  const auto digits = static_cast<int>(std::to_string(hit.best_lines.back()).size());
  const int room = style.width > 0 ? std::max(10, style.width - digits - 4) : 0;

  std::size_t start = 0;
  std::int32_t number = hit.record.start_line;
  for (const std::int32_t wanted : hit.best_lines) {
    const bool gap = wanted > number && wanted != hit.best_lines.front();
    for (; number < wanted; ++number) start = code.find('\n', start) + 1;
    const std::size_t end = std::min(code.find('\n', start), code.size());
    std::string label = std::to_string(number);
    label.insert(0, static_cast<std::size_t>(digits) - label.size(), ' ');
    out << "  " << painted(label, kLineColor, style.color) << (gap ? " \xE2\x8B\xAF" : "  ");
    const std::string_view line = std::string_view(code).substr(start, end - start);
    const std::vector<bool> line_marks(marked.begin() + static_cast<std::ptrdiff_t>(start),
                                       marked.begin() + static_cast<std::ptrdiff_t>(end));
    CodeLine(out, room, style.color).write(line, styles.data() + start, line_marks);
    out << '\n';
    start = std::min(end + 1, code.size());
    ++number;
  }
}

}  // namespace

void write_text(std::ostream& out, const std::vector<Hit>& hits, const TextStyle& style) {
  for (const Hit& hit : hits) {
    if (hit.rank > 1) out << '\n';
    write_heading(out, hit, style);
    write_code(out, hit, style);
  }
}

void write_json_lines(std::ostream& out, const std::vector<Hit>& hits) {
  for (const Hit& hit : hits) {
    const CodeRecord& record = hit.record;
    nlohmann::ordered_json object;
    object["rank"] = hit.rank;
    object["score"] = hit.score;
    object["recall_score"] = hit.recall_score;
    object["rerank_score"] = nullptr;
    if (hit.rerank_score) object["rerank_score"] = *hit.rerank_score;
    object["path"] = record.path;
    object["start_line"] = record.start_line;
    object["end_line"] = record.end_line;
    object["name"] = record.name;
    object["kind"] = record.kind;
    object["language"] = record.language;
    object["code"] = record.code;
    out << json_text(object) << '\n';
  }
}

}  // namespace spencer
