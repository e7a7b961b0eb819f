#include "flamingo/report/markup.h"

#include <gtest/gtest.h>

#include <cmath>

namespace flamingo::report {
namespace {

TEST(Markup, EscapesWhatMarkupUses) {
  EXPECT_EQ(escape_markup("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(escape_markup("\xCE\xB1 = 1\n\t"), "\xCE\xB1 = 1\n\t");
  EXPECT_EQ(escape_markup(std::string_view("a\0\x1B", 3)), "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Markup, NumbersAreShort) {
  EXPECT_EQ(format_number(0.33263146), "0.3326");
  EXPECT_EQ(format_number(1600), "1600");
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(-12345.6), "-12.35k");
  EXPECT_EQ(format_number(4e9, 3), "4G");
  EXPECT_EQ(format_number(1.5e-7), "1.5e-07");
  EXPECT_EQ(format_number(1e300), "1e+300");
  EXPECT_EQ(format_number(std::nan("")), "not finite");
}

}  // namespace
}  // namespace flamingo::report
