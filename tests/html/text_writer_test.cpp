#include "flamingo/html/text_writer.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/html/page_text.h"

namespace flamingo::html {
namespace {

std::string written(const std::function<void(TextWriter&)>& write) {
  document::Document document;
  TextWriter writer(document);
  write(writer);
  writer.finish();
  return testing::shown(document);
}

TEST(TextWriter, CollapsesSpaceAcrossCalls) {
  EXPECT_EQ(collapse_space(" a \n b\tc "), "a b c");
  EXPECT_EQ(collapse_space("a\xc2\xa0 \xc2\xa0"
                           "b\xc2\xad\xe2\x80\x8b\xef\xbb\xbf"
                           "c\xc2\x85"),
            "a bc");
  EXPECT_EQ(collapse_space(" \n"), "");
  EXPECT_EQ(written([](TextWriter& w) {
              w.text("a ");
              w.text(" b");
              w.text("c");
            }),
            "a bc");
}

TEST(TextWriter, GlyphsAreWhatItWrites) {
  EXPECT_TRUE(has_glyphs(" x"));
  EXPECT_TRUE(has_glyphs("\xc2\xa0\xc3\xa9"));
  EXPECT_FALSE(has_glyphs(""));
  EXPECT_FALSE(has_glyphs(" \n\xc2\xa0\xc2\xad\xe2\x80\x8b"));
}

TEST(TextWriter, BreaksDoNotAddUpButLineBreaksDo) {
  EXPECT_EQ(written([](TextWriter& w) {
              w.paragraph();
              w.text("a ");
              w.line();
              w.paragraph();
              w.line();
              w.text(" b");
              w.line_break();
              w.text("c");
              w.line_break();
              w.line_break();
              w.line_break();
              w.text("d");
              w.paragraph();
            }),
            "a\n\nb\nc\n\nd");
}

TEST(TextWriter, CellsAndItems) {
  EXPECT_EQ(written([](TextWriter& w) {
              w.cell(0);
              w.text("a");
              w.cell(1);
              w.text("b ");
              w.cell(1);
              w.cell(1);
              w.text("c");
              w.line();
              w.cell(1);
              w.text("x");
              w.item("1. ");
              w.end_item();
              w.item("2. ");
              w.paragraph();
              w.text("d");
              w.end_item();
              w.text("e");
            }),
            "a\tb\t\tc\n\tx\n2. d\ne");
}

TEST(TextWriter, PreformattedKeepsSpace) {
  EXPECT_EQ(written([](TextWriter& w) {
              w.text("x ");
              w.paragraph();
              w.preformatted("\n\n  ");
              w.preformatted("a  b\r\n\n  c");
              w.preformatted("   ");
              w.preformatted("d\n \n");
              w.paragraph();
              w.text("y");
            }),
            "x\n\n  a  b\n\n  c   d\n\ny");
}

TEST(TextWriter, TextBesideAMediaItemInItsLineKeepsASpace) {
  const auto picture = [] { return document::MediaItem{.url = "p"}; };
  EXPECT_EQ(written([&](TextWriter& w) {
              w.text("a");
              w.media_item(picture());
              w.text("b");
              w.paragraph();
              w.media_item(picture());
              w.paragraph();
              w.text("c");
              w.media_item(picture());
            }),
            "a [p|] b[p|]c [p|]");
}

}  // namespace
}  // namespace flamingo::html
