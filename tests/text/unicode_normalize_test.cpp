#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "flamingo/text/unicode.h"
#include "tests/support/seed.h"

namespace flamingo::text {
namespace {

std::string utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

TEST(UnicodeNormalize, KnownForms) {
  struct Case {
    std::u32string text, nfc, nfd;
  };
  const Case cases[] = {
      {U"caf\u00e9", U"caf\u00e9", U"cafe\u0301"},
      {U"cafe\u0301", U"caf\u00e9", U"cafe\u0301"},
      {U"\u212b", U"\u00c5", U"A\u030a"},                     // singleton
      {U"a\u0301\u0327", U"\u00e1\u0327", U"a\u0327\u0301"},  // reordered
      {U"\u0344", U"\u0308\u0301", U"\u0308\u0301"},          // excluded from composition
      {U"\u1e9b\u0323", U"\u1e9b\u0323", U"\u017f\u0323\u0307"},
      {U"\u1100\u1161\u11a8", U"\uac01", U"\u1100\u1161\u11a8"},
      {U"\uac00\u11a8", U"\uac01", U"\u1100\u1161\u11a8"},
      {U"\u0915\u093c", U"\u0915\u093c", U"\u0915\u093c"},
      {U"\u0301a", U"\u0301a", U"\u0301a"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(normalize_nfc(utf8(c.text)), utf8(c.nfc));
    EXPECT_EQ(normalize_nfd(utf8(c.text)), utf8(c.nfd));
  }
}

TEST(UnicodeNormalize, FormsAreStableOnRandomText) {
  constexpr char32_t kPool[] = {U'a',   U'e',   0x301,  0x327,  0x308, 0xe9,  0x1100, 0x1161,
                                0x11a8, 0xac00, 0x212b, 0x1e9b, 0x323, 0x345, 0x3b1,  0x4e00};
  Rng rng(testing::seeded(2));
  for (int i = 0; i < 3000; ++i) {
    std::u32string text;
    for (uint64_t n = rng.below(10); n > 0; --n) text.push_back(kPool[rng.below(std::size(kPool))]);
    const std::string nfc = normalize_nfc(utf8(text));
    const std::string nfd = normalize_nfd(utf8(text));
    EXPECT_EQ(normalize_nfc(nfc), nfc);
    EXPECT_EQ(normalize_nfd(nfd), nfd);
    EXPECT_EQ(normalize_nfc(nfd), nfc);
    EXPECT_EQ(normalize_nfd(nfc), nfd);
  }
}

TEST(UnicodeNormalize, ManyMarksOnOneLetter) {
  std::u32string text = U"a";
  for (int i = 0; i < 200000; ++i) text.push_back(i % 2 == 0 ? 0x301 : 0x327);
  const std::string nfd = normalize_nfd(utf8(text));
  EXPECT_EQ(nfd.size(), utf8(text).size());
  EXPECT_EQ(nfd.substr(0, 3), "a\xcc\xa7");
}

}  // namespace
}  // namespace flamingo::text
