#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace flamingo {

/// Letters, digits and case as protocols mean them: ASCII only, whatever the locale.
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr char ascii_lower(char c) { return is_ascii_upper(c) ? static_cast<char>(c | 0x20) : c; }
constexpr bool is_ascii_alpha(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
constexpr bool is_ascii_alnum(char c) { return is_ascii_alpha(c) || is_ascii_digit(c); }
constexpr bool is_ascii_hex(char c) {
  return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}
/// Neither a space nor a control character nor a byte of another character set.
constexpr bool is_ascii_graphic(char c) { return c > ' ' && c < '\x7f'; }
/// Space, tab, line feed, vertical tab, form feed, carriage return.
constexpr bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
/// 0 to 15; c must be a hex digit.
constexpr int ascii_hex_value(char c) {
  return is_ascii_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10;
}

/// A copy with A to Z in lower case; other bytes stay.
inline std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

/// Equal apart from the case of A to Z.
inline bool ascii_iequal(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

/// Without ASCII white space around it.
constexpr std::string_view ascii_trim(std::string_view text) {
  while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ascii_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Appends "%XX" for the byte.
inline void append_percent(char byte, std::string& out) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out += {'%', kDigits[value >> 4], kDigits[value & 15]};
}

}  // namespace flamingo
