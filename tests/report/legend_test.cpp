#include "flamingo/report/legend.h"

#include <gtest/gtest.h>

#include "tests/report/markup_check.h"

namespace flamingo::report {
namespace {

using testing::count_of;
using testing::markup_mistake;

TEST(Legend, EntriesStandInColumnsOfEqualWidth) {
  std::vector<LegendEntry> entries;
  for (int i = 0; i < 5; ++i) entries.push_back({"layer " + std::to_string(i), "#123456", ""});
  const auto wide = lay_out_legend(entries, 1000);
  const auto narrow = lay_out_legend(entries, 220);  // two of 99 pixels
  EXPECT_EQ(markup_mistake(wide.svg), "");
  EXPECT_EQ(count_of(wide.svg, "d=\"M0,"), 1);
  EXPECT_EQ(count_of(narrow.svg, "d=\"M0,"), 3);
  EXPECT_EQ(narrow.height - wide.height, 2 * 18);
  EXPECT_EQ(lay_out_legend(entries, 10).height - wide.height, 4 * 18);
}

TEST(Legend, LongLabelsAreCutBetweenCharactersAndKeptAsTips) {
  std::string label;
  for (int i = 0; i < 50; ++i) label += "\xE3\x82\xA2";
  const auto layout = lay_out_legend({{label, "", "7 3"}}, 900);
  EXPECT_EQ(count_of(layout.svg, "\xE3\x82\xA2"), 40 + 50);
  EXPECT_NE(layout.svg.find("\xE3\x82\xA2...</text>"), std::string::npos);
  EXPECT_NE(layout.svg.find("<title>" + label + "</title>"), std::string::npos);
  EXPECT_NE(layout.svg.find("stroke=\"currentColor\" stroke-dasharray=\"7 3\""), std::string::npos);
}

TEST(Legend, NoEntriesTakeNoRoom) {
  EXPECT_EQ(lay_out_legend({}, 100).height, 0);
  EXPECT_EQ(lay_out_legend({}, 100).svg, "");
}

}  // namespace
}  // namespace flamingo::report
