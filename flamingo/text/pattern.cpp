#include "flamingo/text/pattern.h"

#include <array>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

constexpr size_t kMaxReplaced = 64 << 20;  // a replacement may not grow a text without end
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

bool is_number_or_later(char32_t c) {
  return is_number(c) || (c >= 0x11de0 && c <= 0x11de9) || (c >= 0x16ff4 && c <= 0x16ff6);
}
bool is_ascii_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_decimal(char32_t c) { return char_class(c) == CharClass::kDecimal; }
bool is_newline(char32_t c) { return c == '\r' || c == '\n'; }
bool is_sign(char32_t c) { return !is_space(c) && !is_letter(c) && !is_number(c); }
bool is_sign_of_word(char32_t c) { return !is_space(c) && !is_word(c); }
bool is_ascii_punctuation(char32_t c) {
  return (c > 0x20 && c < 0x30) || (c > 0x39 && c < 0x41) || (c > 0x5a && c < 0x61) ||
         (c > 0x7a && c < 0x7f);
}
bool is_punctuation(char32_t c) {
  return is_ascii_punctuation(c) || char_class(c) == CharClass::kPunctuation;
}
bool is_punctuation_or_math(char32_t c) {
  constexpr std::u32string_view kMore = U"$+<=>^~|";
  return char_class(c) == CharClass::kPunctuation || kMore.find(c) != std::u32string_view::npos;
}

/// End of the run of `in_class` characters from pos, at most `max` of them.
template <class InClass>
size_t run_end(std::string_view text, size_t pos, InClass in_class, size_t max = kNoLimit) {
  for (size_t count = 0; pos < text.size() && count < max; ++count) {
    const Utf8Char c = decode_utf8(text, pos);
    if (!in_class(c.code)) break;
    pos += c.length;
  }
  return pos;
}

/// The letter at a place, with any_case in lower case; 0 after the end.
char letter_at(std::string_view text, size_t at, bool any_case) {
  if (at >= text.size()) return 0;
  return any_case ? ascii_lower(text[at]) : text[at];
}

bool is_short_ending(char c) { return c == 's' || c == 't' || c == 'm' || c == 'd'; }

bool is_long_ending(char first, char second) {
  return first == 'l' ? second == 'l' : (first == 'r' || first == 'v') && second == 'e';
}

/// 's 't 're 've 'm 'll 'd: the length at pos, or 0. With any_case also in capitals and the long s.
size_t contraction(std::string_view text, size_t pos, bool any_case) {
  if (text[pos] != '\'') return 0;
  const char first = letter_at(text, pos + 1, any_case);
  if (is_short_ending(first)) return 2;
  if (is_long_ending(first, letter_at(text, pos + 2, any_case))) return 3;
  const bool long_s = any_case && text.substr(pos + 1, 2) == "\xc5\xbf";
  return long_s ? 3 : 0;
}

/// \s+(?!\S)|\s+ : a run of white space leaves its last character to what follows it.
size_t match_space(std::string_view text, size_t pos) {
  size_t last = pos;
  size_t end = pos;
  while (end < text.size()) {
    const Utf8Char c = decode_utf8(text, end);
    if (!is_space(c.code)) break;
    last = end;
    end += c.length;
  }
  return end < text.size() && last > pos ? last : end;
}

/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t match_gpt2(std::string_view text, size_t pos) {
  if (const size_t length = contraction(text, pos, false); length > 0) return pos + length;
  const size_t start = text[pos] == ' ' && pos + 1 < text.size() ? pos + 1 : pos;
  const char32_t c = decode_utf8(text, start).code;
  if (is_letter(c)) return run_end(text, start, is_letter);
  if (is_number(c)) return run_end(text, start, is_number);
  if (!is_space(c)) return run_end(text, start, is_sign);
  return match_space(text, pos);
}

/// \s*[\r\n]+ : end of the last line break in the run of white space, or pos.
size_t match_lines(std::string_view text, size_t pos) {
  size_t last = pos;
  for (size_t end = pos; end < text.size();) {
    const Utf8Char c = decode_utf8(text, end);
    if (!is_space(c.code)) break;
    end += c.length;
    if (is_newline(c.code)) last = end;
  }
  return last;
}

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,k}| ?[^\s\p{L}\p{N}]+[\r\n]*|
/// \s*[\r\n]+|\s+(?!\S)|\s+   (GPT-4 and Llama 3 with k = 3, Qwen 2 with k = 1)
size_t match_words_and_numbers(std::string_view text, size_t pos, size_t max_digits) {
  if (const size_t length = contraction(text, pos, true); length > 0) return pos + length;
  const Utf8Char c = decode_utf8(text, pos);
  if (is_number(c.code)) return run_end(text, pos, is_number, max_digits);
  const size_t word = is_letter(c.code) || is_newline(c.code) ? pos : pos + c.length;
  if (const size_t end = run_end(text, word, is_letter); end > word) return end;
  const size_t start = c.code == ' ' ? pos + 1 : pos;
  if (const size_t end = run_end(text, start, is_sign); end > start) {
    return run_end(text, end, is_newline);
  }
  const size_t lines = match_lines(text, pos);
  return lines > pos ? lines : match_space(text, pos);
}

}  // namespace

Pattern Pattern::literal(std::string text) {
  Pattern pattern;
  pattern.literal_ = std::move(text);
  return pattern;
}

Pattern Pattern::run(Class run_class, size_t min, size_t max) {
  Pattern pattern;
  pattern.kind_ = Kind::kRun;
  pattern.class_ = run_class;
  pattern.min_ = min;
  pattern.max_ = max;
  return pattern;
}

Pattern Pattern::gpt2() {
  Pattern pattern;
  pattern.kind_ = Kind::kGpt2;
  return pattern;
}

Pattern Pattern::digit() { return run(is_number_or_later, 1, 1); }
Pattern Pattern::space() { return run(is_space, 1, 1); }
Pattern Pattern::punctuation() { return run(is_punctuation, 1, 1); }

Pattern Pattern::words() {
  Pattern pattern;
  pattern.kind_ = Kind::kWords;
  return pattern;
}

Pattern Pattern::regex(std::string_view source, const std::string& where) {
  struct Known {
    std::string_view source;
    Kind kind;
    Class run_class = nullptr;
    size_t min = 1;
    size_t max = kNoLimit;
  };
  static constexpr std::array kKnown = {
      Known{R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
            Kind::kGpt2},
      Known{R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))",
            Kind::kGpt2},
      Known{R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
            Kind::kGpt2},
      Known{R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
            R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
            Kind::kWordsAndNumbers, nullptr, 1, 3},
      Known{R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
            R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
            Kind::kWordsAndNumbers, nullptr, 1, 1},
      Known{R"(\w+|[^\w\s]+)", Kind::kWords},
      Known{R"(\s)", Kind::kRun, is_space, 1, 1},
      Known{R"(\s+)", Kind::kRun, is_space},
      Known{R"(\p{N})", Kind::kRun, is_number, 1, 1},
      Known{R"(\p{N}+)", Kind::kRun, is_number},
      Known{R"(\p{N}{1,3})", Kind::kRun, is_number, 1, 3},
      Known{R"(\d)", Kind::kRun, is_decimal, 1, 1},
      Known{R"(\d+)", Kind::kRun, is_decimal},
      Known{R"([0-9])", Kind::kRun, is_ascii_digit, 1, 1},
      Known{R"([0-9]+)", Kind::kRun, is_ascii_digit},
      Known{R"([0-9][0-9][0-9])", Kind::kRun, is_ascii_digit, 3, 3},
      Known{R"([\p{P}\$\+<=>\^~\|]+)", Kind::kRun, is_punctuation_or_math},
  };
  for (const Known& known : kKnown) {
    if (known.source != source) continue;
    Pattern pattern = run(known.run_class, known.min, known.max);
    pattern.kind_ = known.kind;
    return pattern;
  }
  Pattern pattern;
  pattern.kind_ = Kind::kRegex;
  pattern.regex_.emplace(source, where);
  return pattern;
}

Pattern Pattern::from_json(const Json& json, const std::string& where) {
  require(json.is_object() && json.size() == 1 && json.begin()->is_string(), where,
          "expected {\"String\": ...} or {\"Regex\": ...}, got {}", json.type_name());
  const auto text = json.begin()->get<std::string>();
  require(!text.empty(), where, "expected a pattern, got an empty one");
  if (json.begin().key() == "String") return literal(text);
  require(json.begin().key() == "Regex", where, "expected String or Regex, got \"{}\"",
          json.begin().key());
  return regex(text, where);
}

size_t Pattern::match_run(std::string_view text, size_t pos) const {
  size_t count = 0;
  size_t end = pos;
  while (end < text.size() && count < max_) {
    const Utf8Char c = decode_utf8(text, end);
    if (!class_(c.code)) break;
    end += c.length;
    ++count;
  }
  return count >= min_ ? end : pos;
}

/// End of the match that starts at pos, or pos when there is none.
size_t Pattern::match(std::string_view text, size_t pos) const {
  switch (kind_) {
    case Kind::kLiteral:
      return text.substr(pos, literal_.size()) == literal_ ? pos + literal_.size() : pos;
    case Kind::kGpt2:
      return match_gpt2(text, pos);
    case Kind::kWordsAndNumbers:
      return match_words_and_numbers(text, pos, max_);
    case Kind::kWords: {
      const size_t end = run_end(text, pos, is_word);
      return end > pos ? end : run_end(text, pos, is_sign_of_word);
    }
    case Kind::kRun:
    case Kind::kRegex:
      break;
  }
  return match_run(text, pos);
}

void Pattern::scan_regex(std::string_view text, const Visitor& visit) const {
  size_t start = 0;
  regex_->for_each_match(text, [&](size_t begin, size_t end) {
    if (start < begin) visit(start, begin, false);
    visit(begin, end, true);
    start = end;
  });
  if (start < text.size()) visit(start, text.size(), false);
}

void Pattern::scan(std::string_view text, const Visitor& visit) const {
  if (kind_ == Kind::kRegex) return scan_regex(text, visit);
  size_t start = 0;
  for (size_t pos = 0; pos < text.size();) {
    const size_t end = match(text, pos);
    if (end == pos) {
      pos += decode_utf8(text, pos).length;
      continue;
    }
    if (start < pos) visit(start, pos, false);
    visit(pos, end, true);
    start = pos = end;
  }
  if (start < text.size()) visit(start, text.size(), false);
}

std::string Pattern::replace(std::string_view text, std::string_view content) const {
  std::string out;
  out.reserve(text.size());
  scan(text, [&](size_t begin, size_t end, bool is_match) {
    const std::string_view piece = is_match ? content : text.substr(begin, end - begin);
    require(out.size() + piece.size() <= kMaxReplaced, "tokenizer",
            "expected at most {} bytes after a replacement, got more", kMaxReplaced);
    out.append(piece);
  });
  return out;
}

}  // namespace flamingo::text
