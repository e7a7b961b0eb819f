#include "flamingo/pictures/csv.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::pictures {
namespace {

TEST(ParseCsv, KnowsQuotesAndEmptyLines) {
  const CsvTable table = parse_csv("a,b\n\n\"x, \"\"y\"\"\nz\",1\n,\n", "t");
  EXPECT_EQ(table.columns, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"x, \"y\"\nz", "1"}));
  EXPECT_EQ(table.rows[1], (std::vector<std::string>{"", ""}));
  EXPECT_EQ(table.lines, (std::vector<int64_t>{3, 5}));
}

TEST(ParseCsv, MistakesNameTheirLine) {
  const auto error_of = [](std::string_view text) {
    try {
      parse_csv(text, "t");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(error_of("a,b\n1\n").find("t:2"), std::string::npos);
  EXPECT_NE(error_of("a\n1\n\"2").find("t:3"), std::string::npos);
  EXPECT_TRUE(parse_csv("", "t").columns.empty());
  EXPECT_NE(error_of(std::string(2000, ',')).find("at most 1024 fields"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::pictures
