#include "flamingo/corpus/language.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/text/unicode.h"
#include "tests/corpus/text_testing.h"
#include "tests/support/seed.h"

namespace flamingo::corpus {
namespace {

using testing::kEnglish;

const std::string kGerman =
    "Der Leuchtturm steht am Ende der Mole und ist bei klarem Wetter von den H\u00fcgeln hinter "
    "der "
    "Stadt zu sehen. Seit zwei Jahrhunderten finden die Fischer mit seinem Licht den Weg in den "
    "Hafen, nur einmal wurde die Lampe von einem Sturm besch\u00e4digt.";
const std::string kRussian =
    "\u041c\u0430\u044f\u043a \u0441\u0442\u043e\u0438\u0442 \u0432 \u043a\u043e\u043d\u0446\u0435 "
    "\u043f\u0440\u0438\u0447\u0430\u043b\u0430, \u0438 \u0432 \u044f\u0441\u043d\u044b\u0439 "
    "\u0434\u0435\u043d\u044c \u0435\u0433\u043e \u0432\u0438\u0434\u043d\u043e \u0441 "
    "\u0445\u043e\u043b\u043c\u043e\u0432 \u0437\u0430 \u0433\u043e\u0440\u043e\u0434\u043e\u043c.";

LanguageGuess guess(std::string_view text) { return detect_language(text, "en", 1 << 20); }

TEST(Language, English) {
  const LanguageVerdict verdict = judge_language(kEnglish);
  EXPECT_TRUE(verdict.passed()) << enum_name(verdict.rule);
  EXPECT_EQ(verdict.guess.code, "en");
  EXPECT_GE(verdict.value, 0.95);
}

TEST(Language, OthersAreDropped) {
  EXPECT_EQ(guess(kGerman).code, "de");
  EXPECT_EQ(guess(kRussian).code, "ru");
  EXPECT_EQ(judge_language(kGerman).rule, LanguageRule::kLanguage);
  EXPECT_EQ(judge_language(kRussian).rule, LanguageRule::kLanguage);
  EXPECT_TRUE(judge_language(kGerman, {.language = "de"}).passed());
}

TEST(Language, ShareOfAMixedPage) {
  const LanguageVerdict verdict = judge_language(kEnglish + "\n\n" + kGerman);
  EXPECT_EQ(verdict.rule, LanguageRule::kShare);
  EXPECT_GT(verdict.value, 0.4);
  EXPECT_LT(verdict.value, 0.7);
  EXPECT_TRUE(judge_language(kEnglish + "\n\n" + kGerman, {.min_share = 0.4}).passed());
}

TEST(Language, NothingToReadIsUnknown) {
  for (const char* text : {"", "12 34 56", "\x00\x01"}) {
    EXPECT_EQ(judge_language(text).rule, LanguageRule::kLanguage) << text;
  }
  EXPECT_EQ(guess("1234").code, "un");
}

TEST(Language, IllFormedTextIsRepaired) {
  std::string text = kEnglish;
  for (size_t i = 20; i < text.size(); i += 40) text[i] = '\xff';
  EXPECT_EQ(guess(text).code, "en");
  EXPECT_EQ(guess(kEnglish.substr(0, 300) + "\xf0\x9f").code, "en");
  EXPECT_EQ(guess(kEnglish + std::string("\0\x07\x7f\xc2\x85\xed\xa0\x80", 8)).code, "en");
  EXPECT_EQ(guess(kEnglish + "\ufdd0\uffff\U0010ffff").code, "en");
}

// The detector refuses a text as a whole when it holds one character that it calls invalid.
TEST(Language, NoCharacterMakesAPageUnknown) {
  std::string text;
  for (char32_t c = 0; c < 0x110000; c += c < 0x10000 ? 1 : 997) {
    text::append_utf8(text, c);
    if (text.size() < 4'000) continue;
    EXPECT_NE(guess(kEnglish + kEnglish + " " + text.substr(0, 40)).code, "un") << size_t{c};
    text.clear();
  }
}

TEST(Language, AnyBytesAreSafe) {
  Rng rng(testing::seeded(1));
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (uint64_t i = rng.below(300); i > 0; --i) {
      text +=
          rng.coin(0.3) ? kEnglish[rng.below(kEnglish.size())] : static_cast<char>(rng.below(256));
    }
    guess(text);
  }
  guess(testing::times("a", 5'000'000));
  guess(testing::times("\xe4\xbd\xa0", 300'000));
}

TEST(Language, ReadsMaxBytes) {
  EXPECT_EQ(detect_language(kEnglish + testing::times(kGerman, 20), "en", 400).code, "en");
  EXPECT_EQ(detect_language(kEnglish + testing::times(kGerman, 20), "en", 1 << 20).code, "de");
  EXPECT_THROW(judge_language("x", {.max_bytes = 0}), Error);
}

}  // namespace
}  // namespace flamingo::corpus
