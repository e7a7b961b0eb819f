#include "flamingo/text/regex_dialect.h"

#include <algorithm>
#include <array>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"

namespace flamingo::text {
namespace {

/// What \w stands for in a class, and what Oniguruma takes besides outside of one: the fractions
/// and raised digits of Latin-1.
constexpr std::string_view kWordClass = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
constexpr std::string_view kMoreOfWords = R"(\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";

/// \w, \W, \b and \B outside of a class.
std::string word_escape(char letter) {
  const std::string members = std::string(kWordClass).append(kMoreOfWords);
  const std::string in = "[" + members + "]";
  if (letter == 'w') return in;
  if (letter == 'W') return "[^" + members + "]";
  const std::string before[] = {"(?<=" + in + ")", "(?<!" + in + ")"};
  const std::string behind[] = {"(?!" + in + ")", "(?=" + in + ")"};
  const bool swapped = letter == 'B';
  return "(?:" + before[0] + behind[swapped] + "|" + before[1] + behind[!swapped] + ")";
}

struct Escape {
  char letter;
  std::string_view outside;   ///< a class; a letter: see word_escape
  std::string_view in_class;  ///< within a class; empty: not supported
};

constexpr std::array kEscapes = {
    Escape{'w', "w", kWordClass},
    Escape{'W', "W", ""},
    Escape{'b', "b", ""},
    Escape{'B', "B", ""},
    Escape{'s', R"(\p{White_Space})", R"(\p{White_Space})"},
    Escape{'S', R"(\P{White_Space})", R"(\P{White_Space})"},
    Escape{'d', R"(\p{Nd})", R"(\p{Nd})"},
    Escape{'D', R"(\P{Nd})", R"(\P{Nd})"},
    Escape{'v', R"(\x0b)", R"(\x0b)"},
    Escape{'r', R"(\r)", R"(\r)"},
    Escape{'n', R"(\n)", R"(\n)"},
    Escape{'t', R"(\t)", R"(\t)"},
    Escape{'f', R"(\f)", R"(\f)"},
    Escape{'A', R"(\A)", ""},
    Escape{'z', R"(\z)", ""},
    Escape{'Z', R"(\Z)", ""},
};

constexpr std::array<std::string_view, 8> kGroups = {
    "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"};

/// Reads the source from left to right.
class Translator {
 public:
  Translator(std::string_view source, const std::string& where) : source_(source), where_(where) {}

  TranslatedRegex run() {
    if (source_.starts_with("(?i)")) put(4);
    while (at_ < source_.size()) {
      switch (source_[at_]) {
        case '\\':
          escape(/*in_class=*/false);
          break;
        case '[':
          char_class();
          break;
        case '(':
          group();
          break;
        case '{':
          braces();
          break;
        default:
          put(1);
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    fail(where_, "expected a regular expression without {}, got \"{}\", at its byte {}", what,
         source_, at_);
  }

  std::string_view rest() const { return source_.substr(at_); }

  void put(std::string_view text, size_t taken) {
    out_.text += text;
    out_.places.resize(out_.text.size(), at_);
    at_ += taken;
  }
  void put(size_t count) {
    for (; count > 0; --count) put(source_.substr(at_, 1), 1);
  }

  void escape(bool in_class) {
    if (at_ + 1 == source_.size()) refuse("a backslash at its end");
    const char letter = source_[at_ + 1];
    const auto* known = std::ranges::find(kEscapes, letter, &Escape::letter);
    if (known != kEscapes.end()) return known_escape(*known, in_class);
    if (letter == 'p' || letter == 'P') return property();
    if (letter == 'x' || letter == 'u') return code_point();
    const bool back_reference = !in_class && letter >= '1' && letter <= '9';
    if (is_ascii_alnum(letter) && !back_reference) refuse("this escape");
    put(2);
  }

  void known_escape(const Escape& known, bool in_class) {
    const std::string_view text = in_class ? known.in_class : known.outside;
    if (text.empty()) refuse("this escape in a class");
    return text.size() == 1 ? put(word_escape(known.letter), 2) : put(text, 2);
  }

  /// \p{...}
  void property() {
    const size_t end = rest().find('}');
    if (!rest().substr(2).starts_with('{') || end == rest().npos) refuse("\\p and no {...}");
    put(end + 1);
  }

  /// \uHHHH, \x{H...} or \xHH of ASCII: beyond it the latter is a byte in one dialect only.
  void code_point() {
    const bool braced = rest().starts_with("\\x{");
    const size_t begin = braced ? 3 : 2;
    size_t end = begin;
    while (end < rest().size() && is_ascii_hex(rest()[end])) ++end;
    const std::string_view digits = rest().substr(begin, end - begin);
    if (braced) {
      if (digits.empty() || !rest().substr(end).starts_with('}')) refuse("this escape");
      return put("\\x{" + std::string(digits) + "}", end + 1);
    }
    const size_t count = rest()[1] == 'u' ? 4 : 2;
    if (digits.size() < count || (count == 2 && digits[0] > '7')) refuse("this escape");
    put("\\x{" + std::string(digits.substr(0, count)) + "}", begin + count);
  }

  void char_class() {
    put(1);
    if (rest().starts_with('^')) put(1);
    for (bool first = true; !rest().starts_with(']') || first; first = false) {
      if (rest().empty()) refuse("a class that does not end");
      if (rest().starts_with('[')) refuse("a class in a class");
      if (rest().starts_with("&&")) refuse("intersected classes");
      if (rest().starts_with('\\')) {
        escape(/*in_class=*/true);
      } else {
        put(1);
      }
    }
    put(1);
  }

  void group() {
    if (rest().starts_with("(*")) refuse("(*");
    if (!rest().starts_with("(?")) return put(1);
    const auto known = std::ranges::find_if(
        kGroups, [&](std::string_view group) { return rest().starts_with(group); });
    if (known == kGroups.end()) refuse("this kind of group");
    put(known->size());
  }

  /// {n}, {n,}, {n,m} and {,m}; other braces are plain characters in both dialects.
  void braces() {
    const size_t end = rest().find_first_not_of("0123456789,", 1);
    const std::string_view inner = rest().substr(1, end == rest().npos ? end : end - 1);
    const size_t comma = inner.find(',');
    const bool is_count = end != rest().npos && rest()[end] == '}' && inner.size() > (comma == 0) &&
                          comma == inner.rfind(',');
    if (!is_count) return put("\\{", 1);
    const char next = end + 1 < rest().size() ? rest()[end + 1] : '\0';
    if (next == '+' || (next == '?' && comma == inner.npos)) refuse("a sign after this {...}");
    const std::string least = comma == 0 ? "0" : "";
    put("{" + least + std::string(inner) + "}", end + 1);
  }

  std::string_view source_;
  const std::string& where_;
  size_t at_ = 0;
  TranslatedRegex out_;
};

}  // namespace

TranslatedRegex translate_regex(std::string_view source, const std::string& where) {
  return Translator(source, where).run();
}

}  // namespace flamingo::text
