#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flamingo::text {

/// GPT-2's alphabet: each of the 256 bytes has a visible character of its own, so that any bytes
/// can be a string of a vocabulary. Printable Latin-1 bytes stand for themselves, the rest follow
/// from U+0100.
char32_t byte_to_char(unsigned char byte);
std::optional<unsigned char> char_to_byte(char32_t c);

/// Each byte of `text` as its character, in UTF-8.
std::string to_byte_chars(std::string_view text);
/// The bytes that `token` spells; a token with a foreign character spells its own UTF-8 bytes.
std::string from_byte_chars(std::string_view token);

/// The byte-fallback token of SentencePiece vocabularies: "<0x0A>".
std::string byte_token(unsigned char byte);
/// The byte of such a token.
std::optional<unsigned char> byte_of_token(std::string_view token);

}  // namespace flamingo::text
