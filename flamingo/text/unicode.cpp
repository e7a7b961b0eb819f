#include "flamingo/text/unicode.h"

#include <algorithm>
#include <iterator>

#include "flamingo/core/utf8.h"

namespace flamingo::text {
namespace {

#include "flamingo/text/unicode_tables.inc"

bool in_range(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

bool is_connector(char32_t c) {
  return c == 0x5f || c == 0x203f || c == 0x2040 || c == 0x2054 || in_range(c, 0xfe33, 0xfe34) ||
         in_range(c, 0xfe4d, 0xfe4f) || c == 0xff3f;
}

/// Symbols with the Alphabetic property: circled and squared letters.
bool is_alphabetic_symbol(char32_t c) {
  return in_range(c, 0x24b6, 0x24e9) || in_range(c, 0x1f130, 0x1f149) ||
         in_range(c, 0x1f150, 0x1f169) || in_range(c, 0x1f170, 0x1f189);
}

}  // namespace

CharClass char_class(char32_t c) {
  const auto* next = std::upper_bound(std::begin(kClassRanges), std::end(kClassRanges),
                                      (static_cast<uint32_t>(c) << 3) | 7);
  return static_cast<CharClass>(*(next - 1) & 7);
}

bool is_letter(char32_t c) {
  if (c < 0x80) return in_range(c | 0x20, 'a', 'z');
  return char_class(c) == CharClass::kLetter;
}

bool is_number(char32_t c) {
  if (c < 0x80) return in_range(c, '0', '9');
  const CharClass found = char_class(c);
  return found >= CharClass::kDecimal && found <= CharClass::kOtherNumber;
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || in_range(c, '\t', '\r');
  return c == 0x85 || c == 0xa0 || c == 0x1680 || in_range(c, 0x2000, 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_word(char32_t c) {
  const CharClass found = char_class(c);
  return (found >= CharClass::kLetter && found <= CharClass::kLetterNumber) || is_connector(c) ||
         c == 0x200c || c == 0x200d || is_alphabetic_symbol(c);
}

std::string repair_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  size_t copied = 0;  // what is well-formed is copied in stretches
  for (size_t pos = 0; pos < bytes.size();) {
    const Utf8Sequence sequence = read_utf8(bytes, pos);
    if (!sequence.valid) {
      out.append(bytes.substr(copied, pos - copied)).append("\xef\xbf\xbd");
      copied = pos + sequence.length;
    }
    pos += sequence.length;
  }
  return out.append(bytes.substr(copied));
}

size_t unfinished_utf8(std::string_view bytes) {
  const size_t start = bytes.size() > 3 ? bytes.size() - 3 : 0;
  for (size_t pos = start; pos < bytes.size(); ++pos) {
    if (read_utf8(bytes, pos).unfinished) return bytes.size() - pos;
  }
  return 0;
}

}  // namespace flamingo::text
