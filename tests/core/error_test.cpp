#include "flamingo/core/error.h"

#include <gtest/gtest.h>

namespace flamingo {
namespace {

TEST(Error, IsOneLineWithPlaceMessageAndHint) {
  EXPECT_STREQ(Error("load", "expected 3, got 4").what(), "[load] expected 3, got 4");
  EXPECT_STREQ(Error("load", "expected 3, got 4", "count again").what(),
               "[load] expected 3, got 4 (hint: count again)");
  EXPECT_STREQ(Error("a\nb", "c\r\nd", "e\nf").what(), "[a b] c  d (hint: e f)");
}

TEST(Error, FailThrowsIt) {
  try {
    fail("x", "expected y", "z");
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[x] expected y (hint: z)");
  }
}

TEST(Error, RequireThrowsOnlyWhenFalse) {
  EXPECT_NO_THROW(require(true, "x", "y"));
  EXPECT_THROW(require(false, "x", "y"), Error);
}

}  // namespace
}  // namespace flamingo
