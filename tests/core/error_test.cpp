#include "flamingo/core/error.h"

#include <gtest/gtest.h>

namespace flamingo {
namespace {

/// Counts how often it was put into words.
struct Costly {
  int* count;
};

}  // namespace

template <>
struct MessageText<Costly> {
  static std::string of(const Costly& value) { return std::to_string(++*value.count); }
};

namespace {

TEST(Error, IsOneLineWithPlaceMessageAndHint) {
  EXPECT_STREQ(Error("load", "expected 3, got 4").what(), "[load] expected 3, got 4");
  EXPECT_STREQ(Error("load", "expected 3, got 4", "count again").what(),
               "[load] expected 3, got 4 (hint: count again)");
  EXPECT_STREQ(Error("a\nb", "c\r\nd", "e\nf").what(), "[a b] c  d (hint: e f)");
}

TEST(Error, FailThrowsIt) {
  try {
    fail("x", "expected y", Hint{"z"});
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[x] expected y (hint: z)");
  }
}

template <class... Values>
std::string message_of(MessageFormat<std::type_identity_t<Values>...> format,
                       const Values&... values) {
  try {
    fail("x", format, values...);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Error, HasItsValuesInPlace) {
  EXPECT_EQ(message_of("expected {} {}, got {}", 3, "bytes", uint64_t{1} << 63),
            "[x] expected 3 bytes, got 9223372036854775808");
  EXPECT_EQ(message_of("{}{}{}", true, '/', uint8_t{65}), "[x] true/65");
  EXPECT_EQ(message_of("{}, {}", 0.1, -1e300), "[x] 0.1, -1e+300");
  EXPECT_EQ(message_of("got \"{}\"{", std::string("{}")), "[x] got \"{}\"{");
  EXPECT_EQ(message_of("{}", std::string_view("a"), Hint{}), "[x] a");
  EXPECT_EQ(message_of("{}", 1, Hint{"two"}), "[x] 1 (hint: two)");
}

TEST(Error, ShowsControlsAndForeignBytesAsEscapes) {
  EXPECT_EQ(message_of("got \"{}\"", "\x1b[31m\x07\x7f\t\xc3\xa9"),
            "[x] got \"\\x1b[31m\\x07\\x7f \xc3\xa9\"");
  EXPECT_EQ(message_of("got {}", "a\xff\xe2\x82|\xc2\x9b"), "[x] got a\\xff\\xe2\\x82|\\xc2\\x9b");
  EXPECT_STREQ(Error("\x1b", "b", "\x1b").what(), "[\\x1b] b (hint: \\x1b)");
}

TEST(Error, KeepsBothEndsOfLongValues) {
  const std::string message =
      message_of("got \"{}\"!", "begin" + std::string(5'000'000, 'x') + "end");
  EXPECT_TRUE(message.starts_with("[x] got \"beginxxx")) << message;
  EXPECT_TRUE(message.ends_with("xxxend\"!")) << message;
  EXPECT_NE(message.find("...(5000008 bytes)..."), std::string::npos);
  EXPECT_LT(message.size(), 500u);
  EXPECT_LT(std::string(Error(std::string(9999, 'w'), std::string(9999, 'm')).what()).size(),
            4100u);
  std::string accents;
  while (accents.size() < 3000) accents += "\xc3\xa9";
  for (const char* shift : {"", "a"})
    EXPECT_EQ(message_of("{}", shift + accents).find("\\x"), std::string::npos)
        << "cut in a character";
}

TEST(Error, PutsNothingIntoWordsWhenAllIsWell) {
  int count = 0;
  require(true, "x", "got {}", Costly{&count});
  EXPECT_EQ(count, 0);
  EXPECT_THROW(require(false, "x", "got {}", Costly{&count}), Error);
  EXPECT_EQ(count, 1);
}

TEST(Error, RequireThrowsOnlyWhenFalse) {
  EXPECT_NO_THROW(require(true, "x", "y"));
  EXPECT_THROW(require(false, "x", "y"), Error);
}

}  // namespace
}  // namespace flamingo
