#include "flamingo/corpus/build_report.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::corpus {
namespace {

BuildReport sample() {
  BuildReport report;
  report.keep(3, 100);
  report.keep(1, 50);
  report.drop_media_item({"side", "a.png", "side 12", ""});
  report.drop_page({"language", "b.html", "de 0.99", "Guten Tag"}, 4);
  report.add_answers("page", 3);
  report.add_answers("cut_off", 1);
  return report;
}

TEST(BuildReport, EverythingSeenIsKeptOrUnderOneRule) {
  const BuildReport report = sample();
  EXPECT_EQ(report.pages_seen(), 3);
  EXPECT_EQ(report.media_seen(), 9);
  EXPECT_EQ(report.pages_kept(), 2);
  EXPECT_EQ(report.media_kept(), 4);
  EXPECT_EQ(report.words_kept(), 150);
  EXPECT_EQ(report.dropped().at("language").pages, 1);
  EXPECT_EQ(report.dropped().at("language").media, 4);
  EXPECT_EQ(report.dropped().at("side").pages, 0);
}

TEST(BuildReport, MergeAddsAndJsonKeepsAll) {
  BuildReport twice = sample();
  twice.merge(sample());
  EXPECT_EQ(twice.pages_seen(), 6);
  EXPECT_EQ(twice.answers().at("page"), 6);
  EXPECT_EQ(twice.media_seen(), 18);
  EXPECT_EQ(twice.examples().size(), 4u);
  const BuildReport read = BuildReport::from_json(twice.to_json(), "report");
  EXPECT_EQ(read.to_json(), twice.to_json());
  EXPECT_EQ(read.table(), twice.table());
  EXPECT_NE(read.table().find("cut_off"), std::string::npos) << read.table();
  EXPECT_THROW(BuildReport::from_json(Json{{"pages", 1}}, "report"), Error);
}

TEST(BuildReport, ALaterPassJudgesWhatWasKept) {
  BuildReport first = sample();
  first.drop_media("html_svg", 2);
  first.drop_media("html_form", 0);
  first.forget_kept();
  BuildReport second;
  second.keep(3, 100);
  second.drop_page({"duplicate_url", "c.html", "", ""}, 1);
  first.merge(second);
  EXPECT_EQ(first.pages_seen(), 3);
  EXPECT_EQ(first.media_seen(), 11);
  EXPECT_EQ(first.pages_kept(), 1);
  EXPECT_EQ(first.dropped().at("html_svg").media, 2);
  EXPECT_FALSE(first.dropped().contains("html_form"));
}

TEST(BuildReport, KeepsTheFirstExamplesOfEachRuleCutBetweenCharacters) {
  BuildReport report;
  std::string text(BuildReport::kExcerptBytes - 1, 'a');
  text += "\xc3\xa9 and more";
  for (int i = 0; i < 20; ++i) {
    report.drop_page({"language", std::to_string(i), "", text}, 0);
    report.drop_media_item({"side", std::to_string(i), "", ""});
  }
  ASSERT_EQ(report.examples().size(), static_cast<size_t>(2 * BuildReport::kExamples));
  EXPECT_EQ(report.examples().front().url, "0");
  EXPECT_EQ(report.examples().front().excerpt, std::string(BuildReport::kExcerptBytes - 1, 'a'));
  EXPECT_EQ(report.dropped().at("language").pages, 20);
}

TEST(BuildReport, TableNamesEveryRule) {
  const std::string table = sample().table();
  EXPECT_NE(table.find("seen                                          3            9"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("- language                                    1            4"),
            std::string::npos)
      << table;
}

}  // namespace
}  // namespace flamingo::corpus
