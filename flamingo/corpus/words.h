#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "flamingo/text/unicode.h"

namespace flamingo::corpus {

/// The character at `pos`; pos < text.size(). Unlike decode_utf8 it may be given any bytes: an
/// ill-formed part comes out as some code point, but no byte after the text is read.
inline text::Utf8Char decode_any(std::string_view text, size_t pos) {
  const auto lead = static_cast<unsigned char>(text[pos]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length > text.size() - pos) return {0xfffd, 1};
  return text::decode_utf8(text, pos);
}

/// A run of characters between white space.
struct Word {
  std::string_view text;
  uint32_t characters = 0;  ///< code points
  bool has_letter = false;  ///< at least one of them is \p{L}
};

/// Takes the next word from the front of `rest`; false, and nothing left, when there is none.
bool next_word(std::string_view& rest, Word& word);

/// Takes the next line, without its newline, from the front of `rest`, which must not be empty.
std::string_view next_line(std::string_view& rest);

/// Takes the next paragraph from the front of `rest`: lines up to a blank one, white space around
/// them cut off. False, and nothing left, when there is none.
bool next_paragraph(std::string_view& rest, std::string_view& paragraph);

/// Without white space at both ends.
std::string_view trim(std::string_view text);

/// Simple lower-case mapping of Latin (to U+017F), Greek and Cyrillic letters; others stay.
char32_t lower_case(char32_t c);

/// What is left of a text when its look is taken away: letters, marks and numbers in lower case,
/// and one space for each stretch of anything else between them. "It's  OK!" -> "it s ok".
std::string fold_text(std::string_view text);

/// Takes the next word from the front of a folded text; false when there is none.
inline bool next_folded_word(std::string_view& rest, std::string_view& word) {
  if (rest.empty()) return false;
  const void* space = std::memchr(rest.data(), ' ', rest.size());
  const size_t size =
      space == nullptr ? rest.size() : static_cast<const char*>(space) - rest.data();
  word = rest.substr(0, size);
  rest.remove_prefix(size == rest.size() ? size : size + 1);
  return true;
}

/// One-to-one mixing of 64 bits (the finaliser of MurmurHash3).
inline uint64_t scramble(uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdull;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ull;
  return x ^ (x >> 33);
}

/// A 64-bit hash, the same on every machine, that no one promises to be hard to collide.
uint64_t hash_bytes(std::string_view bytes);

/// Hash of a sequence of hashed words, one word at a time: polynomial in kWordBase modulo 2^64.
inline constexpr uint64_t kWordBase = 0x9e3779b97f4a7c15ull;
inline uint64_t append_word(uint64_t sequence, uint64_t word) {
  return sequence * kWordBase + word;
}

}  // namespace flamingo::corpus
