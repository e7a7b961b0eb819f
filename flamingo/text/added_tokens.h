#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "flamingo/text/normalizer.h"
#include "flamingo/text/vocabulary.h"

namespace flamingo::text {

/// A token that is cut out of the text before anything else.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;      ///< left out when decoding with skip_special
  bool normalized = false;   ///< looked for in the normalised text, not in the raw one
  bool single_word = false;  ///< only between characters that are not \w
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space after it
};

/// Finds the longest of many strings that starts at a place. Time per place: the length of the
/// match.
class StringMatcher {
 public:
  void add(std::string_view text, size_t value);
  /// A match, or none: its end and the value given with it (the first one, for equal strings).
  struct Match {
    size_t end = 0;
    size_t value = 0;
  };
  std::optional<Match> longest_at(std::string_view text, size_t pos) const;
  /// The first place from `pos` on whose byte starts any of the strings, or the end of the text.
  size_t next_start(std::string_view text, size_t pos) const {
    while (pos < text.size() && !starts_[static_cast<unsigned char>(text[pos])]) ++pos;
    return pos;
  }

 private:
  std::unordered_map<uint64_t, uint32_t> children_;            // by node << 8 | byte
  std::vector<int64_t> values_ = std::vector<int64_t>(1, -1);  // of nodes, -1: none; 0 is the root
  std::array<bool, 256> starts_{};
};

/// The added tokens of a tokenizer.
class AddedTokens {
 public:
  /// Longest content in bytes, which bounds the time per character of text.
  static constexpr size_t kMaxContent = 4096;

  /// Adds a token; empty content is ignored. A second one of the same content replaces the first,
  /// as in the peer: if either is special the token is, and if neither is it is sought where both
  /// say. Throws Error naming `where` when the content is too long.
  void add(const AddedToken& token, const std::string& where);
  /// Must follow the last add(): builds the matchers, for which normalised tokens pass
  /// `normalizer`.
  void build(const Normalizer& normalizer);

  /// Gets each stretch of text, or the token found between two of them.
  using Sink = std::function<void(std::string_view text, const AddedToken* token)>;
  /// Cuts `text` at tokens, leftmost first and longest of those. Special tokens stay text when
  /// `plain`.
  void split_raw(std::string_view text, bool plain, const Sink& sink) const;
  void split_normalized(std::string_view text, bool plain, const Sink& sink) const;

  const AddedToken* find(std::string_view content) const;
  const AddedToken* find(int32_t id) const;
  bool is_special(std::string_view content) const;
  /// Largest id, or -1.
  int64_t max_id() const;
  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  void split(const StringMatcher& matcher, std::string_view text, bool plain,
             const Sink& sink) const;

  /// The texts in which a token is looked for.
  struct Sought {
    bool raw = false;
    bool normalized = false;
  };

  std::vector<AddedToken> tokens_;
  std::vector<Sought> sought_;  // beside tokens_
  TextMap<size_t> by_content_;
  std::unordered_map<int32_t, size_t> by_id_;
  StringMatcher raw_;
  StringMatcher normalized_;
};

}  // namespace flamingo::text
