#include "flamingo/corpus/page_filter.h"

#include <gtest/gtest.h>

#include "tests/corpus/tiny_site.h"

namespace flamingo::corpus {
namespace {

html::HtmlPage page_of(const std::string& prose, int pictures = 1) {
  html::HtmlPage page;
  page.document.url = "https://site.example/a";
  for (int i = 0; i < pictures; ++i) {
    page.document.parts.push_back(document::Part::of_media_item(i));
    page.document.media.push_back({.url = "https://site.example/a.png"});
  }
  page.document.parts.push_back(document::Part::of_text(prose));
  return page;
}

std::string rule_of(const std::optional<Objection>& objection) {
  return objection ? objection->rule : "";
}

TEST(PageFilter, AGoodPagePasses) {
  const CorpusRecipe recipe;
  const PageFilter filter(recipe);
  EXPECT_EQ(rule_of(filter.judge(page_of(testing::random_prose(1)))), "");
}

TEST(PageFilter, TheFirstRuleInThePapersOrderIsNamed) {
  const CorpusRecipe recipe;
  const PageFilter filter(recipe);
  html::HtmlPage page = page_of("Zu wenig.", 0);
  page.robots = {"noai"};
  EXPECT_EQ(rule_of(filter.judge(page)), "use_forbidden");
  page.robots.clear();
  EXPECT_EQ(rule_of(filter.judge(page, std::vector<std::string>{"otherbot: noai", "noai"})),
            "use_forbidden");
  EXPECT_EQ(rule_of(filter.judge(page, std::vector<std::string>{"otherbot: noai"})), "no_picture");
  const auto objection = filter.judge(page_of("The few words."));
  EXPECT_NE(rule_of(objection), "");
  EXPECT_FALSE(objection->detail.empty());
}

TEST(PageFilter, APageOfClipsAloneHasNoPicture) {
  const CorpusRecipe recipe;
  const PageFilter filter(recipe);
  html::HtmlPage page = page_of(testing::random_prose(1));
  page.document.media[0].kind = document::MediaKind::kVideo;
  EXPECT_EQ(rule_of(filter.judge(page)), "no_picture");
}

TEST(PageFilter, AMediaItemThatPassesIsDescribed) {
  const CorpusRecipe recipe;
  const PageFilter filter(recipe);
  uint64_t hash = 0;
  document::MediaItem media_item{.bytes = testing::random_picture(1, 100)};
  EXPECT_EQ(rule_of(filter.judge_media_item(media_item, hash)), "");
  EXPECT_EQ(media_item.format, "png");
  EXPECT_EQ(media_item.width, 100);
  EXPECT_NE(hash, 0u);
  document::MediaItem small{.bytes = testing::random_picture(1, 40)};
  const auto objection = filter.judge_media_item(small, hash);
  EXPECT_EQ(rule_of(objection), "short_side");
  EXPECT_EQ(objection->detail, "short_side 40");
}

}  // namespace
}  // namespace flamingo::corpus
