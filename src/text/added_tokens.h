// Tokens found in the text before the model sees it: special ones such as [MASK], and those a user
// added to a vocabulary.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace spencer {

struct AddedToken {
  std::string content;
  bool single_word = false;  ///< found only where no word character stands beside it
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space after it
  bool normalized = true;    ///< looked for in the normalised text, in its normalised form
  bool special = false;      ///< left out of decoded text
  std::int32_t id = -1;
  std::string shown;  ///< in decoded text: the normalised form where `normalized`
};

class AddedTokens {
 public:
  /// A piece of text, or a token in place of one (`id` >= 0).
  struct Piece {
    std::string_view text;
    std::int32_t id = -1;
  };

  using Normalize = std::function<std::string(std::string_view)>;

  /// Gives each token its id (the vocabulary's, or the next one free) and makes ready to split.
  /// `normalize` is the tokenizer's normaliser, null where it has none.
  void assign(std::vector<AddedToken> tokens, const Vocabulary& vocabulary,
              const Normalize& normalize);

  const std::vector<AddedToken>& tokens() const { return tokens_; }
  const AddedToken* find(std::string_view content) const;
  const AddedToken* find(std::int32_t id) const;
  /// Whether a token's text, as it would be shown, is that of a special token.
  bool is_special(std::string_view shown) const;

  /// Calls `on_piece(Piece)` for the pieces of `text`, none of them empty, in order.
  /// `normalized` says which of the tokens to look for. Stops when `on_piece` returns false, and
  /// returns what it last returned.
  template <typename OnPiece>
  bool split(std::string_view text, bool normalized, OnPiece on_piece) const {
    const Matcher& matcher = normalized ? normalized_ : verbatim_;
    std::size_t done = 0;
    if (!matcher.patterns.empty()) {
      for (std::size_t from = 0; from < text.size();) {
        const Match match = find_next(matcher, text, from);
        if (match.token == nullptr) break;
        from = match.stop;
        std::size_t start = match.start, stop = match.stop;
        if (!widen(*match.token, text, done, start, stop)) continue;
        if (done < start && !on_piece(Piece{text.substr(done, start - done)})) return false;
        if (!on_piece(Piece{text.substr(start, stop - start), match.token->id})) return false;
        done = stop;
      }
    }
    return done >= text.size() || on_piece(Piece{text.substr(done)});
  }

 private:
  struct Pattern {
    std::string text;
    std::size_t token;  ///< index into tokens_
  };
  struct Matcher {
    std::vector<Pattern> patterns;             ///< by first byte, the longest first
    std::array<std::uint32_t, 257> by_byte{};  ///< where the patterns of a first byte begin
  };
  struct Match {
    const AddedToken* token = nullptr;
    std::size_t start = 0, stop = 0;
  };
  static void prepare(Matcher& matcher);
  Match find_next(const Matcher& matcher, std::string_view text, std::size_t from) const;
  static bool widen(const AddedToken& token, std::string_view text, std::size_t done,
                    std::size_t& start, std::size_t& stop);

  std::vector<AddedToken> tokens_;
  Matcher verbatim_, normalized_;
};

}  // namespace spencer
