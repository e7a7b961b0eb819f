#pragma once

#include <algorithm>
#include <string_view>

#include "flamingo/core/ascii.h"

namespace flamingo::html {

/// White space of HTML: space, tab, newline, form feed, carriage return.
constexpr bool is_html_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
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

}  // namespace flamingo::html
