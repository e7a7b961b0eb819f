#include "flamingo/text/byte_chars.h"

#include <array>
#include <charconv>

#include "flamingo/text/unicode.h"

namespace flamingo::text {
namespace {

constexpr bool stands_for_itself(unsigned int byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

constexpr size_t kNumChars = 0x144;  // 256 + the 68 bytes that do not stand for themselves

struct Alphabet {
  std::array<char32_t, 256> chars{};
  std::array<int, kNumChars> bytes{};
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.bytes.fill(-1);
  char32_t next = 0x100;
  for (unsigned int byte = 0; byte < 256; ++byte) {
    const char32_t c = stands_for_itself(byte) ? byte : next++;
    alphabet.chars[byte] = c;
    alphabet.bytes[c] = static_cast<int>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t byte_to_char(unsigned char byte) { return kAlphabet.chars[byte]; }

std::optional<unsigned char> char_to_byte(char32_t c) {
  if (c >= kNumChars || kAlphabet.bytes[c] < 0) return std::nullopt;
  return static_cast<unsigned char>(kAlphabet.bytes[c]);
}

std::string to_byte_chars(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 2);
  for (const char c : text) append_utf8(out, byte_to_char(static_cast<unsigned char>(c)));
  return out;
}

std::string from_byte_chars(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (size_t pos = 0; pos < token.size();) {
    const Utf8Char c = decode_utf8(token, pos);
    const auto byte = char_to_byte(c.code);
    if (!byte) return std::string(token);
    out.push_back(static_cast<char>(*byte));
    pos += c.length;
  }
  return out;
}

std::string byte_token(unsigned char byte) {
  constexpr char kHex[] = "0123456789ABCDEF";
  return std::string("<0x") + kHex[byte >> 4] + kHex[byte & 15] + ">";
}

std::optional<unsigned char> byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  unsigned int byte = 0;
  const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  if (error != std::errc() || end != token.data() + 5) return std::nullopt;
  return static_cast<unsigned char>(byte);
}

}  // namespace flamingo::text
