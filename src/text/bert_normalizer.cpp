#include "text/bert_normalizer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "spencer/base/text.h"

#include "text/unicode.h"

namespace spencer {
namespace {

/// Writes code points, combining ones in canonical order, in lower case if asked.
class CodePointWriter {
 public:
  CodePointWriter(std::string& out, bool lowercase) : out_(out), lowercase_(lowercase) {}

  void starter(char32_t code_point) {
    flush();
    write(code_point);
  }
  void combining(char32_t code_point) {
    waiting_.emplace_back(combining_order(code_point), code_point);
  }
  /// Ends a run of combining code points.
  void flush() {
    if (waiting_.empty()) return;
    std::ranges::stable_sort(waiting_, {}, &std::pair<int, char32_t>::first);
    for (const auto& [order, code_point] : waiting_) write(code_point);
    waiting_.clear();
  }
  void write(char32_t code_point) {
    const auto lower = lowercase_ ? lowered(code_point) : std::span<const char32_t>{};
    if (lower.empty()) append_utf8(out_, code_point);
    for (const char32_t part : lower) append_utf8(out_, part);
  }

 private:
  std::string& out_;
  bool lowercase_;
  std::vector<std::pair<int, char32_t>> waiting_;
};

void write_stripped(char32_t code_point, CharClass found, CodePointWriter& writer) {
  if (found.mark()) {
    if (!found.combining()) writer.flush();
  } else if (found.combining()) {
    writer.combining(code_point);
  } else {
    writer.starter(code_point);
  }
}

}  // namespace

BertNormalizer::BertNormalizer(const Options& options)
    : options_(options), drops_nul_(options.clean_text) {
  for (char32_t c = 0; c < 128; ++c) {
    const CharClass found = char_class(c);
    char becomes = static_cast<char>(c);
    if (options.clean_text && found.dropped()) becomes = '\0';
    if (options.clean_text && found.blank()) becomes = ' ';
    if (options.lowercase && c >= 'A' && c <= 'Z') becomes = static_cast<char>(c + 32);
    ascii_[c] = becomes;
  }
}

void BertNormalizer::append_ascii(std::string_view text, std::string& out) const {
  const std::size_t before = out.size();
  out.resize(before + text.size());
  char* to = out.data() + before;
  for (const char c : text) {
    const char becomes = ascii_[static_cast<unsigned char>(c)];
    *to = becomes;
    to += (becomes != '\0') | !drops_nul_;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

void BertNormalizer::append(std::string_view text, std::string& out) const {
  CodePointWriter writer(out, options_.lowercase);
  char32_t buffer[3];
  const char* p = text.data();
  const char* end = p + text.size();
  while (p < end) {
    if (static_cast<unsigned char>(*p) < 0x80) {
      const char* run_end = skip_ascii(p, end);
      const bool only_dropped = std::all_of(p, run_end, [this](char c) {
        return drops_nul_ && ascii_[static_cast<unsigned char>(c)] == '\0';
      });
      if (!only_dropped) writer.flush();
      append_ascii({p, run_end}, out);
      p = run_end;
      continue;
    }
    const char32_t code_point = next_valid(p);
    const CharClass found = char_class(code_point);
    if (options_.clean_text && found.dropped()) continue;
    if (options_.clean_text && found.blank()) {
      writer.flush();
      out += ' ';
      continue;
    }
    const bool apart = options_.handle_chinese_chars && found.cjk();
    if (apart) {
      writer.flush();
      out += ' ';
    }
    if (!options_.strip_accents) {
      writer.write(code_point);
    } else {
      const auto parts =
          found.changed() ? decomposed(code_point, buffer) : std::span<const char32_t>{};
      if (parts.empty()) write_stripped(code_point, found, writer);
      for (const char32_t part : parts) write_stripped(part, char_class(part), writer);
    }
    if (apart) {
      writer.flush();
      out += ' ';
    }
  }
  writer.flush();
}

}  // namespace spencer
