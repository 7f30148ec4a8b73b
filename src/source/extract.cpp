// Records out of an outline: functions first, then windows over the lines they leave.
#include "spencer/source/extract.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

#include "source/cut.h"
#include "source/grammar.h"
#include "source/outline.h"

namespace spencer {
namespace {

constexpr std::int64_t kMaxText = std::int64_t{1} << 30;  // offsets are 32 bits wide
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

class Extractor {
 public:
  Extractor(std::string_view path, std::string_view text, std::string_view language,
            const ExtractOptions& options)
      : path_(path), language_(language), options_(options), lines_(text) {
    std::string_view stem = path.substr(path.rfind('/') + 1);
    stem = stem.substr(0, stem.find('.', 1));
    stem_ = stem;
  }

  std::vector<CodeRecord> run(std::vector<Entity> entities) {
    entities_ = std::move(entities);
    std::erase_if(entities_, [&](const Entity& entity) { return is_trivial_nested(entity); });
    for (Entity& entity : entities_) to_whole_lines(entity);
    covered_.assign(lines_.count(), false);
    type_of_row_.assign(lines_.count(), kNone);
    for (std::size_t i = 0; i < entities_.size(); ++i) {
      entities_[i].is_type ? mark_type(i) : add_function(i);
    }
    add_windows();
    std::stable_sort(records_.begin(), records_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.start_line, a.end_line) < std::tie(b.start_line, b.end_line);
    });
    return std::move(records_);
  }

 private:
  std::uint32_t first_row(const Entity& entity) const { return lines_.row_of(entity.begin); }
  std::uint32_t last_row(const Entity& entity) const { return lines_.row_of(entity.end - 1); }

  bool is_trivial_nested(const Entity& entity) const {
    if (entity.end <= entity.begin) return true;
    const auto rows = last_row(entity) - first_row(entity) + 1;
    return entity.function_depth > 0 &&
           (entity.is_type || rows < static_cast<std::uint32_t>(options_.nested_min_lines));
  }

  /// Takes in the indentation before, and closing punctuation and a comment after.
  void to_whole_lines(Entity& entity) const {
    const std::string_view text = lines_.text();
    const std::uint32_t line_begin = lines_.begin(first_row(entity));
    const std::string_view before = text.substr(line_begin, entity.begin - line_begin);
    if (std::all_of(before.begin(), before.end(), is_space)) entity.begin = line_begin;
    const std::uint32_t line_end = lines_.end(last_row(entity));
    const std::string_view after = text.substr(entity.end, line_end - entity.end);
    const auto mark = after.find_first_not_of(" \t;,)}");
    const std::string_view rest = after.substr(std::min(mark, after.size()));
    const bool comment = rest.starts_with("//") || rest.starts_with('#') || rest.starts_with("/*");
    if (comment || !has_word(rest)) entity.end = line_end;
  }

  CodeRecord record(const Piece& piece) const {
    CodeRecord result;
    result.path = path_;
    result.language = language_;
    result.start_line = static_cast<std::int32_t>(piece.first_row) + 1;
    result.end_line = static_cast<std::int32_t>(piece.last_row) + 1;
    std::string_view code = lines_.text().substr(piece.begin, piece.end - piece.begin);
    while (!code.empty() && is_space(code.back())) code.remove_suffix(1);
    result.code = code;
    return result;
  }

  void add_function(std::size_t index) {
    const Entity& entity = entities_[index];
    for (auto row = first_row(entity); row <= last_row(entity); ++row) covered_[row] = true;
    const std::string_view text = lines_.text();
    const auto length = text_length(text.substr(entity.begin, entity.end - entity.begin));
    std::vector<Piece> pieces;
    if (length <= options_.max_length) {
      pieces.push_back({first_row(entity), last_row(entity), entity.begin, entity.end});
    } else {
      pieces = parts_of(index);
    }
    for (std::size_t part = 0; part < pieces.size(); ++part) {
      CodeRecord result = record(pieces[part]);
      result.name = entity.name;
      result.kind = entity.kind;
      result.signature = entity.signature;
      if (part == 0) result.docstring = entity.docstring;
      result.part = static_cast<std::int32_t>(part);
      result.parts = static_cast<std::int32_t>(pieces.size());
      records_.push_back(std::move(result));
    }
  }

  /// The parts of a long function, less the functions inside it that have records of their own.
  std::vector<Piece> parts_of(std::size_t index) const {
    const Entity& entity = entities_[index];
    const auto signature = text_length(entity.signature) + 1;
    CutRule rule{options_.max_length,
                 std::max(options_.max_length - signature, options_.max_length / 2), kNone, 0};
    std::vector<Piece> pieces;
    const auto cut_to = [&](std::uint32_t begin, std::uint32_t end) {
      if (!pieces.empty()) rule.first_length = rule.next_length;
      for (const Piece& piece : cut(lines_, begin, end, rule)) pieces.push_back(piece);
    };
    std::uint32_t at = entity.begin;
    for (std::size_t i = index + 1; i < entities_.size() && entities_[i].begin < entity.end; ++i) {
      const Entity& inner = entities_[i];
      if (inner.is_type || inner.begin < at || inner.end > entity.end) continue;
      if (lines_.begin(first_row(inner)) != inner.begin) continue;  // shares a line: stays in
      cut_to(at, inner.begin);
      at = inner.end;
    }
    cut_to(at, entity.end);
    if (!pieces.empty() && pieces.back().end >= at) {  // the closing brackets too
      pieces.back().last_row = last_row(entity);
      pieces.back().end = entity.end;
    }
    return pieces;
  }

  void mark_type(std::size_t index) {
    const Entity& entity = entities_[index];
    if (++types_marked_ > 64 && entity.end - entity.begin > lines_.text().size() / 2) return;
    for (auto row = first_row(entity); row <= last_row(entity); ++row) {
      type_of_row_[row] = static_cast<std::uint32_t>(index);
    }
  }

  void add_windows() {
    const std::uint32_t count = lines_.count();
    std::uint32_t past = 0;  // rows before it are done with
    for (std::uint32_t row = 0; row < count;) {
      if (covered_[row] || lines_.is_trivial(row)) {
        if (covered_[row++]) past = row;
        continue;
      }
      const std::uint32_t type = type_of_row_[row];
      std::uint32_t stop = row + 1;
      while (row > past && lines_.opens(row - 1)) --row;
      while (stop < count && !covered_[stop] && same_block(type, type_of_row_[stop])) ++stop;
      add_window(row, stop, type);
      row = past = stop;
    }
  }

  /// Small types within a type do not divide it.
  bool same_block(std::uint32_t outer, std::uint32_t inner) const {
    if (outer == inner) return true;
    if (outer == kNone || inner == kNone) return false;
    const Entity& a = entities_[outer];
    const Entity& b = entities_[inner];
    const auto rows = last_row(b) - first_row(b) + 1;
    return b.begin >= a.begin && b.end <= a.end &&
           rows < static_cast<std::uint32_t>(options_.nested_min_lines);
  }

  /// True if nothing of the type but comment marks stands above the row.
  bool is_head(const Entity& entity, std::uint32_t row) const {
    for (auto above = first_row(entity); above < row; ++above) {
      if (covered_[above] || !lines_.is_trivial(above)) return false;
    }
    return first_row(entity) <= row;
  }

  void add_window(std::uint32_t row, std::uint32_t stop, std::uint32_t type) {
    const CutRule rule{options_.max_length, options_.max_length,
                       static_cast<std::uint32_t>(options_.window_lines),
                       static_cast<std::uint32_t>(options_.overlap_lines)};
    const Entity* entity = type == kNone ? nullptr : &entities_[type];
    bool head = entity != nullptr && is_head(*entity, row);
    for (const Piece& piece : cut(lines_, lines_.begin(row), lines_.end(stop - 1), rule)) {
      CodeRecord result = record(piece);
      result.name = entity == nullptr ? stem_ : entity->name;
      result.kind = head ? entity->kind : "window";
      if (entity != nullptr) result.signature = entity->signature;
      if (head) result.docstring = entity->docstring;
      head = false;
      records_.push_back(std::move(result));
    }
  }

  std::string path_;
  std::string language_;
  std::string stem_;
  const ExtractOptions& options_;
  Lines lines_;
  std::vector<Entity> entities_;
  std::vector<bool> covered_;
  std::vector<std::uint32_t> type_of_row_;  ///< the innermost type, by index
  std::size_t types_marked_ = 0;
  std::vector<CodeRecord> records_;
};

void require(bool condition, const std::string& message) {
  if (!condition) throw Error(ErrorKind::invalid_argument, message);
}

}  // namespace

void ExtractOptions::validate() const {
  const auto shown = [](auto value) { return ", not " + std::to_string(value); };
  require(max_length >= 64, "max_length must be at least 64" + shown(max_length));
  require(window_lines >= 1, "window_lines must be at least 1" + shown(window_lines));
  require(overlap_lines >= 0 && overlap_lines < window_lines,
          "overlap_lines must be from 0 to below window_lines" + shown(overlap_lines));
  require(nested_min_lines >= 1, "nested_min_lines must be at least 1" + shown(nested_min_lines));
  require(max_parse_seconds >= 0,
          "max_parse_seconds must not be negative" + shown(max_parse_seconds));
}

bool is_function(std::string_view kind) {
  static constexpr std::array<std::string_view, 13> kOther = {
      "window", "class",  "struct", "union",  "enum",       "interface", "trait",
      "impl",   "module", "object", "record", "annotation", "type"};
  return std::find(kOther.begin(), kOther.end(), kind) == kOther.end();
}

std::int64_t text_length(std::string_view text) {
  std::int64_t length = 0;
  bool blank = false;
  for (const char c : text) {
    length += is_space(c) && blank ? 0 : 1;
    blank = is_space(c);
  }
  return length;
}

std::vector<CodeRecord> extract(std::string_view path, std::string_view text,
                                std::string_view language, const ExtractOptions& options) {
  options.validate();
  if (text.empty()) return {};
  if (static_cast<std::int64_t>(text.size()) > kMaxText) {
    throw Error(ErrorKind::invalid_argument, std::string(path) + ": larger than 1 GiB");
  }
  std::vector<Entity> entities;
  if (const Grammar* grammar = find_grammar(language, path)) {
    if (auto found = outline(text, *grammar, options.max_parse_seconds))
      entities = std::move(*found);
  }
  return Extractor(path, text, language, options).run(std::move(entities));
}

}  // namespace spencer
