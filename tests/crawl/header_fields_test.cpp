#include "flamingo/crawl/header_fields.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace flamingo::crawl {
namespace {

using Values = std::vector<std::string_view>;

HeaderFields fields_of(std::initializer_list<std::string_view> lines) {
  HeaderFields fields;
  for (const std::string_view line : lines) EXPECT_TRUE(fields.add_line(line)) << line;
  return fields;
}

TEST(HeaderFields, KeepsNamesAndValuesInTheirOrder) {
  const HeaderFields fields = fields_of({"WARC-Type: response", "empty:", "b : x:y \t"});
  ASSERT_EQ(fields.fields().size(), 3u);
  EXPECT_EQ(fields.fields()[0].name, "WARC-Type");
  EXPECT_EQ(fields.fields()[0].value, "response");
  EXPECT_EQ(fields.fields()[1].name, "empty");
  EXPECT_EQ(fields.fields()[1].value, "");
  EXPECT_EQ(fields.fields()[2].name, "b");
  EXPECT_EQ(fields.fields()[2].value, "x:y");
}

TEST(HeaderFields, FindsTheFirstWhateverItsCase) {
  const HeaderFields fields = fields_of({"X-Robots-Tag: noai", "A: b", "x-robots-tag: noimageai"});
  ASSERT_NE(fields.find("X-ROBOTS-TAG"), nullptr);
  EXPECT_EQ(*fields.find("X-ROBOTS-TAG"), "noai");
  EXPECT_EQ(fields.value("a"), "b");
  EXPECT_EQ(fields.all("x-Robots-Tag"), (Values{"noai", "noimageai"}));
}

TEST(HeaderFields, WhatIsNotThere) {
  const HeaderFields fields = fields_of({"Content-Type: text/html"});
  EXPECT_EQ(fields.find("Content"), nullptr);
  EXPECT_EQ(fields.value("Content-Type2"), "");
  EXPECT_EQ(fields.all(""), Values{});
}

TEST(HeaderFields, ALineThatBeginsWithABlankContinuesTheLast) {
  const HeaderFields fields = fields_of({"A: b", "C: one", "   two", "\tthree: 3 "});
  EXPECT_EQ(fields.value("A"), "b");
  EXPECT_EQ(fields.value("C"), "one two three: 3");
  EXPECT_EQ(fields.fields().size(), 2u);
}

TEST(HeaderFields, LeavesOtherLinesOut) {
  HeaderFields fields;
  for (const char* line : {"", "no colon", ": value", " continues nothing"}) {
    EXPECT_FALSE(fields.add_line(line)) << line;
  }
  EXPECT_TRUE(fields.fields().empty());
}

TEST(ParseLength, TakesDecimalDigitsAlone) {
  EXPECT_EQ(parse_length("0"), 0u);
  EXPECT_EQ(parse_length("0012"), 12u);
  EXPECT_EQ(parse_length("18446744073709551615"), UINT64_MAX);
  for (const char* text :
       {"", "+1", "-1", " 1", "1 ", "1x", "0x1", "1.0", "18446744073709551616"}) {
    EXPECT_EQ(parse_length(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace flamingo::crawl
