#include "flamingo/html/names.h"

#include <gtest/gtest.h>

namespace flamingo::html {
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

TEST(Names, KeysHoldNoWords) {
  EXPECT_EQ(judge_name("memdesc:a840d36cfe92531bcbb7ad8baa445858a"), NameVerdict::kContent);
  EXPECT_EQ(judge_name("memitem:ad46eb8a1f2e nav8ad"), NameVerdict::kContent);
  EXPECT_EQ(judge_name("nav2"), judge_name("nav"));
  EXPECT_EQ(judge_name("ad300"), judge_name("ad"));
}

TEST(Names, WhatShowsTheOpposite) {
  for (const auto& [name, verdict] : std::vector<std::pair<const char*, NameVerdict>>{
           {"sidebar", NameVerdict::kUnlessProse},
           {"menu-item", NameVerdict::kUnlessProse},
           {"category-menu", NameVerdict::kUnlessProse},
           {"sidebar footer", NameVerdict::kBoilerplate},
           {"site-footer", NameVerdict::kBoilerplate},
           {"comment-form", NameVerdict::kBoilerplate},
           {"cookies", NameVerdict::kUnlessArticle},
           {"share-buttons", NameVerdict::kUnlessArticle},
           {"category-nav", NameVerdict::kUnlessProse},
           {"cookie-banner", NameVerdict::kUnlessArticle},
           {"gallery-nav", NameVerdict::kUnlessPlain},
           {"toolbar", NameVerdict::kUnlessPlain},
           {"chocolate-cookies", NameVerdict::kUnlessPlain},
           {"recipe toolbar", NameVerdict::kUnlessText},
           {"market-share", NameVerdict::kUnlessText},
           {"recipe cookies", NameVerdict::kUnlessText},
           {"recipe footer", NameVerdict::kBoilerplate},
           {"post category-social-media tag-share", NameVerdict::kContent},
           {"popup-gallery", NameVerdict::kContent}}) {
    EXPECT_EQ(judge_name(name), verdict) << name;
  }
}

TEST(Names, SlugsOfHeadings) {
  bool exact = false;
  EXPECT_TRUE(is_slug_of("copyright-considerations", "2.3. Copyright Considerations", exact));
  EXPECT_TRUE(exact);
  EXPECT_TRUE(is_slug_of("_login_command_2", "Login command", exact));
  EXPECT_TRUE(exact);
  EXPECT_TRUE(is_slug_of("sec-login", "The login command", exact));
  EXPECT_FALSE(exact);
  EXPECT_FALSE(is_slug_of("cookie-banner", "Cookie settings", exact));
  EXPECT_FALSE(is_slug_of("comment-form", "Leave a comment", exact));
  EXPECT_TRUE(is_slug_of("comment-form", "Comment form", exact));
  EXPECT_TRUE(is_slug_of("signup", "Sign up by mail", exact));
  EXPECT_FALSE(exact);
  EXPECT_FALSE(is_slug_of("signup", "Sign the sheet up there", exact));
}

TEST(Names, Accordions) {
  EXPECT_TRUE(names_accordion("x accordion-button"));
  EXPECT_TRUE(names_accordion("faqQuestion"));
  EXPECT_FALSE(names_accordion("accordionist button"));
}

TEST(Names, FurnitureIsNamedInFull) {
  EXPECT_TRUE(names_furniture("a sr-only"));
  EXPECT_TRUE(names_furniture("HeaderLink"));
  EXPECT_FALSE(names_furniture("tooltip"));
  EXPECT_TRUE(names_tool_tip("x Tooltip"));
  EXPECT_FALSE(names_tool_tip("tooltip-trigger"));
  EXPECT_FALSE(names_furniture("header link"));
  EXPECT_FALSE(names_furniture(""));
}

}  // namespace
}  // namespace flamingo::html
