#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "flamingo/core/config.h"
#include "flamingo/text/regex.h"

namespace flamingo::text {

/// What a tokenizer cuts or replaces: a literal or a regular expression. Those that most tokenizers
/// use are known by their spelling and have hand-written scanners: linear time, no recursion. Any
/// other is a Regex.
class Pattern {
 public:
  /// Called with [begin, end) in bytes and whether it is a match.
  using Visitor = std::function<void(size_t begin, size_t end, bool is_match)>;

  static Pattern literal(std::string text);
  /// Throws Error naming `where` and the expression when it is neither known nor a Regex.
  static Pattern regex(std::string_view source, const std::string& where);
  /// {"String": s} or {"Regex": r}. Throws Error on anything else.
  static Pattern from_json(const Json& json, const std::string& where);
  /// GPT-2's split into words, numbers, other signs and white space.
  static Pattern gpt2();
  /// Numbers one by one (any character of category N, by Unicode 17 as the Digits step of peers).
  static Pattern digit();
  static Pattern space();
  static Pattern punctuation();
  /// \w+|[^\w\s]+
  static Pattern words();

  /// Covers `text` (well-formed UTF-8) from left to right with matches and the stretches between. A
  /// match of a Regex may be empty. Throws Error when one takes more than its limits.
  void scan(std::string_view text, const Visitor& visit) const;
  /// `text` with every match replaced.
  std::string replace(std::string_view text, std::string_view content) const;

 private:
  using Class = bool (*)(char32_t);
  /// Which scanner finds the matches: one by hand, or the Regex.
  enum class Kind { kLiteral, kGpt2, kWordsAndNumbers, kWords, kRun, kRegex };

  static Pattern run(Class run_class, size_t min, size_t max);
  size_t match(std::string_view text, size_t pos) const;
  size_t match_run(std::string_view text, size_t pos) const;
  void scan_regex(std::string_view text, const Visitor& visit) const;

  Kind kind_ = Kind::kLiteral;
  std::string literal_;
  std::optional<Regex> regex_;
  Class class_ = nullptr;
  size_t min_ = 1;
  size_t max_ = std::numeric_limits<size_t>::max();
};

}  // namespace flamingo::text
