#include "flamingo/text/regex.h"
#include "flamingo/text/unicode.h"
#include "tests/fuzz/fuzz.h"

/// A regular expression up to the first NUL, and the text behind it.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const std::string_view all = text_of(input), source = all.substr(0, all.find('\0'));
  const std::string text = text::repair_utf8(all.substr(std::min(source.size() + 1, all.size())));
  const text::Regex regex(source, "fuzz");
  size_t last = 0;
  regex.for_each_match(text, [&](size_t begin, size_t end) {
    if (begin < last || end < begin || end > text.size()) __builtin_trap();
    last = end;
  });
}
