#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace flamingo {

/// White space of HTML: space, tab, newline, form feed, carriage return.
constexpr bool is_html_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_ascii_alpha(char c) { return is_ascii_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr char ascii_lower(char c) { return is_ascii_upper(c) ? static_cast<char>(c | 0x20) : c; }

/// `text` with A to Z in lower case; other bytes stay.
inline std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return ascii_lower(c); });
  return lower;
}

/// Whether the texts are the same but for the case of A to Z.
inline bool equal_ascii_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

/// Position of `word` (in lower case) in `text` whatever its case, from `start`; npos: not there.
inline size_t find_ascii_case(std::string_view text, std::string_view word, size_t start = 0) {
  if (start > text.size()) return std::string_view::npos;
  const auto found =
      std::search(text.begin() + static_cast<std::ptrdiff_t>(start), text.end(), word.begin(),
                  word.end(), [](char x, char y) { return ascii_lower(x) == y; });
  return found == text.end() ? std::string_view::npos : static_cast<size_t>(found - text.begin());
}

/// `text` without HTML white space at its ends.
constexpr std::string_view trim_html_space(std::string_view text) {
  while (!text.empty() && is_html_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_html_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Calls visit(word) for each stretch of `text` without separators.
template <class IsSeparator, class Visit>
void for_each_word(std::string_view text, IsSeparator is_separator, Visit visit) {
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !is_separator(text[i])) continue;
    if (i > begin) visit(text.substr(begin, i - begin));
    begin = i + 1;
  }
}

}  // namespace flamingo
