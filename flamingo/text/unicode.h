#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace flamingo {

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
Utf8Char decode_utf8(std::string_view text, size_t pos);
void append_utf8(std::string& out, char32_t c);

/// `bytes` with each maximal ill-formed part replaced by U+FFFD (Unicode 16, section 3.9, table
/// 3-8).
std::string repair_utf8(std::string_view bytes);
/// Length of the unfinished character at the end of `bytes` (0 to 3).
size_t unfinished_utf8(std::string_view bytes);

/// Canonical normal forms of well-formed UTF-8, by Unicode 9 as peers' tokenizers do.
std::string normalize_nfc(std::string_view text);
std::string normalize_nfd(std::string_view text);

}  // namespace flamingo
