#include "flamingo/html/names.h"

#include <gtest/gtest.h>

namespace flamingo {
namespace {

TEST(Names, WholeWordsOnly) {
  for (const char* name :
       {"nav", "site-footer", "main_nav", "postFooter", "x NAVBAR", "ad-300x250", "share-buttons",
        "cookieBanner", "docnav top", "comment-form", "navheader", "Toc2", "banner"}) {
    const bool drops = judge_name(name) != NameVerdict::kContent;
    EXPECT_TRUE(drops) << name;
  }
  for (const char* name : {"", "guimenu", "shadow", "navel", "footnotes", "header", "comments",
                           "download", "stock", "adapter", "no-sidebar", "has-nav", "with-ads",
                           "content", "sharepoint", "elementor-widget"}) {
    EXPECT_EQ(judge_name(name), NameVerdict::kContent) << name;
  }
}

TEST(Names, SomeMayHoldProse) {
  EXPECT_EQ(judge_name("sidebar"), NameVerdict::kUnlessProse);
  EXPECT_EQ(judge_name("menu-item"), NameVerdict::kUnlessProse);
  EXPECT_EQ(judge_name("sidebar footer"), NameVerdict::kBoilerplate);
}

TEST(Names, FurnitureIsNamedInFull) {
  EXPECT_TRUE(names_furniture("a sr-only"));
  EXPECT_TRUE(names_furniture("HeaderLink"));
  EXPECT_FALSE(names_furniture("header link"));
  EXPECT_FALSE(names_furniture(""));
}

}  // namespace
}  // namespace flamingo
