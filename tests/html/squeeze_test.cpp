#include "flamingo/html/squeeze.h"

#include <gtest/gtest.h>

#include "tests/html/page_text.h"

namespace flamingo::html {
namespace {

TEST(Squeeze, RunsWithALineEndBecomeOne) {
  EXPECT_EQ(squeeze_indentation("<p>\n    a  b\r\n\t c \n</p>\n\n"), "<p>\na  b\nc\n</p>\n");
  EXPECT_EQ(squeeze_indentation(" \n "), "\n");
  EXPECT_EQ(squeeze_indentation("a  b"), "a  b");
  EXPECT_EQ(squeeze_indentation(""), "");
}

TEST(Squeeze, WhiteSpaceThatShowsStays) {
  for (const std::string html :
       {"<pre>\n  a\n  b</pre>", "<PRE class=x>\n\n a</pRe>", "<textarea>\n  a</textarea>",
        "<plaintext>a\n  b", "<pre>a\n  b"}) {
    EXPECT_EQ(squeeze_indentation(html), html);
    EXPECT_EQ(squeeze_indentation("a\n  b" + html), "a\nb" + html);
  }
  EXPECT_EQ(squeeze_indentation("<pre>\n  a</pre>\n  b<p>\n  c"), "<pre>\n  a</pre>\nb<p>\nc");
  EXPECT_EQ(squeeze_indentation("a <"), "a <");
  EXPECT_EQ(squeeze_indentation("\n <"), "\n<");
}

TEST(Squeeze, KeepsAPageAsItReads) {
  EXPECT_EQ(testing::shown("<ul>\n  <li>a\n   b\n  <li><pre>x\n    y\n  z</pre>\n</ul>\n c"),
            "- a b\n- x\n    y\n  z\n\nc");
}

}  // namespace
}  // namespace flamingo::html
