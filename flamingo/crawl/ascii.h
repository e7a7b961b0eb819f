#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace flamingo {

/// Letters, digits and case as protocols mean them: ASCII only, whatever the locale.
inline bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
inline char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
inline bool is_ascii_alpha(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
inline bool is_ascii_alnum(char c) { return is_ascii_alpha(c) || is_ascii_digit(c); }
inline bool is_ascii_hex(char c) {
  return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}
/// Neither a space nor a control character nor a byte of another character set.
inline bool is_ascii_graphic(char c) { return c > ' ' && c < '\x7f'; }
/// 0 to 15; c must be a hex digit.
inline int ascii_hex_value(char c) {
  return is_ascii_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10;
}

/// A copy in lower case.
inline std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

/// Equal apart from case.
inline bool ascii_iequal(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

/// Without spaces, tabs and line ends around it.
inline std::string_view ascii_trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

/// Appends "%XX" for the byte.
inline void append_percent(char byte, std::string& out) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out += {'%', kDigits[value >> 4], kDigits[value & 15]};
}

}  // namespace flamingo
