#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace flamingo::text {

/// Coarse general category (Unicode 16).
enum class CharClass : uint8_t {
  kOther,
  kLetter,
  kMark,
  kDecimal,
  kLetterNumber,
  kOtherNumber,
  kPunctuation,
  kSymbol,
};

/// The class of a code point, as regular expressions of tokenizers tell them apart.
CharClass char_class(char32_t c);
/// \p{L} of a regular expression.
bool is_letter(char32_t c);
/// \p{N} of a regular expression.
bool is_number(char32_t c);
/// \s of a regular expression (the White_Space property).
bool is_space(char32_t c);
/// \w of a regular expression (letters, marks, decimal and letter numbers, connectors).
bool is_word(char32_t c);

/// One code point and the bytes it takes.
struct Utf8Char {
  char32_t code = 0;
  size_t length = 0;
};

/// The character at `pos` of well-formed UTF-8; pos < text.size().
inline Utf8Char decode_utf8(std::string_view text, size_t pos) {
  const auto byte = [&](size_t i) -> char32_t { return static_cast<unsigned char>(text[pos + i]); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xe0) return {((lead & 0x1f) << 6) | (byte(1) & 0x3f), 2};
  if (lead < 0xf0) return {((lead & 0xf) << 12) | ((byte(1) & 0x3f) << 6) | (byte(2) & 0x3f), 3};
  return {
      ((lead & 7) << 18) | ((byte(1) & 0x3f) << 12) | ((byte(2) & 0x3f) << 6) | (byte(3) & 0x3f),
      4};
}

/// Appends a code point as UTF-8; whether it is one is not checked.
inline void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
    return;
  }
  if (c < 0x800) {
    put(0xc0 | (c >> 6));
  } else if (c < 0x10000) {
    put(0xe0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3f));
  } else {
    put(0xf0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3f));
    put(0x80 | ((c >> 6) & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

/// `bytes` with each maximal ill-formed part replaced by U+FFFD (Unicode 16, section 3.9, table
/// 3-8).
std::string repair_utf8(std::string_view bytes);
/// Length of the unfinished character at the end of `bytes` (0 to 3).
size_t unfinished_utf8(std::string_view bytes);

/// Canonical normal forms of well-formed UTF-8, by Unicode 9 as peers' tokenizers do.
std::string normalize_nfc(std::string_view text);
std::string normalize_nfd(std::string_view text);

}  // namespace flamingo::text
