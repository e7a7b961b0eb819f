#include "flamingo/corpus/words.h"

#include <array>

#include "flamingo/core/ascii.h"

namespace flamingo::corpus {
namespace {

/// Capitals of Latin, Greek and Cyrillic whose small letters stand at one distance after them.
struct Capitals {
  char32_t first;
  char32_t last;
  char32_t distance;
  char32_t step = 1;  ///< from one capital to the next
};

constexpr std::array kCapitals = {
    Capitals{'A', 'Z', 32},       Capitals{0xc0, 0xd6, 32},     Capitals{0xd8, 0xde, 32},
    Capitals{0x100, 0x12e, 1, 2}, Capitals{0x132, 0x136, 1, 2}, Capitals{0x139, 0x147, 1, 2},
    Capitals{0x14a, 0x176, 1, 2}, Capitals{0x179, 0x17d, 1, 2}, Capitals{0x391, 0x3a9, 32},
    Capitals{0x400, 0x40f, 80},   Capitals{0x410, 0x42f, 32}};

/// What each character up to the last capital becomes in lower case.
constexpr auto make_small_letters() {
  std::array<char16_t, kCapitals.back().last + 1> letters{};
  for (size_t c = 0; c < letters.size(); ++c) letters[c] = static_cast<char16_t>(c);
  for (const Capitals& some : kCapitals) {
    for (char32_t c = some.first; c <= some.last; c += some.step) {
      letters[c] = static_cast<char16_t>(c + some.distance);
    }
  }
  letters[0x178] = 0xff;  // Y with a diaeresis, the one that is after its small letter
  return letters;
}
constexpr auto kSmallLetters = make_small_letters();

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// What each ASCII character becomes in a folded text; 0: a separator.
constexpr std::array<char, 128> make_folds() {
  std::array<char, 128> folds = {};
  for (char c = '0'; c <= '9'; ++c) folds[static_cast<size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) {
    folds[static_cast<size_t>(c)] = c;
    folds[static_cast<size_t>(c - 32)] = c;
  }
  return folds;
}
constexpr std::array<char, 128> kFolds = make_folds();

/// Letters, marks and numbers.
bool is_word_part(char32_t c) {
  const text::CharClass found = text::char_class(c);
  return found >= text::CharClass::kLetter && found <= text::CharClass::kOtherNumber;
}

size_t skip_space(std::string_view text, size_t pos) {
  while (pos < text.size()) {
    if (is_ascii(text[pos])) {
      if (!is_ascii_space(text[pos])) break;
      ++pos;
    } else {
      const text::Utf8Char c = decode_any(text, pos);
      if (!text::is_space(c.code)) break;
      pos += c.length;
    }
  }
  return pos;
}

template <class T>
uint64_t load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

/// Up to 8 bytes as a number; with the length, different bytes give different numbers.
uint64_t load_tail(const char* bytes, size_t count) {
  if (count >= 4) return load<uint32_t>(bytes) | load<uint32_t>(bytes + count - 4) << 32;
  if (count >= 2) return load<uint16_t>(bytes) | load<uint16_t>(bytes + count - 2) << 16;
  return count == 1 ? load<uint8_t>(bytes) : 0;
}

}  // namespace

bool next_word(std::string_view& rest, Word& word) {
  const size_t begin = skip_space(rest, 0);
  word = {};
  size_t pos = begin;
  while (pos < rest.size()) {
    if (is_ascii(rest[pos])) {
      if (is_ascii_space(rest[pos])) break;
      word.has_letter |= is_ascii_alpha(rest[pos]);
      ++pos;
    } else {
      const text::Utf8Char c = decode_any(rest, pos);
      if (text::is_space(c.code)) break;
      word.has_letter |= text::is_letter(c.code);
      pos += c.length;
    }
    ++word.characters;
  }
  word.text = rest.substr(begin, pos - begin);
  rest.remove_prefix(pos);
  return word.characters > 0;
}

std::string_view next_line(std::string_view& rest) {
  const size_t newline = rest.find('\n');
  const std::string_view line = rest.substr(0, newline);
  rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
  return line;
}

bool next_paragraph(std::string_view& rest, std::string_view& paragraph) {
  const char* begin = nullptr;
  const char* end = nullptr;
  while (!rest.empty()) {
    const std::string_view line = trim(next_line(rest));
    if (line.empty() && begin != nullptr) break;
    if (line.empty()) continue;
    if (begin == nullptr) begin = line.data();
    end = line.data() + line.size();
  }
  if (begin == nullptr) return false;
  paragraph = {begin, static_cast<size_t>(end - begin)};
  return true;
}

std::string_view trim(std::string_view text) {
  text.remove_prefix(skip_space(text, 0));
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && text.size() - last < 3 && (text[last] & 0xc0) == 0x80) --last;
    if (!text::is_space(decode_any(text, last).code)) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

char32_t lower_case(char32_t c) { return c < kSmallLetters.size() ? kSmallLetters[c] : c; }

std::string fold_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 1);
  bool apart = false;  // a separator waits for the next word
  const auto separate = [&] {
    if (apart && !out.empty()) out += ' ';
    apart = false;
  };
  for (size_t pos = 0; pos < text.size();) {
    if (is_ascii(text[pos])) {
      const char folded = kFolds[static_cast<size_t>(text[pos++])];
      if (folded == 0) {
        apart = true;
      } else {
        separate();
        out += folded;
      }
      continue;
    }
    const text::Utf8Char c = decode_any(text, pos);
    pos += c.length;
    if (is_word_part(c.code)) {
      separate();
      text::append_utf8(out, lower_case(c.code));
    } else {
      apart = true;
    }
  }
  return out;
}

uint64_t hash_bytes(std::string_view bytes) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t hash = 0x2545f4914f6cdd1dull * (left + 1);
  for (; left > 8; left -= 8, at += 8) hash = scramble(hash ^ load<uint64_t>(at)) * kWordBase;
  return scramble(hash ^ load_tail(at, left));
}

}  // namespace flamingo::corpus
