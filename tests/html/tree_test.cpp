#include "flamingo/html/tree.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo::html {
namespace {

std::string repeated(int64_t count, const std::function<std::string(int64_t)>& piece) {
  std::string text;
  for (int64_t i = 0; i < count; ++i) text += piece(i);
  return text;
}
std::string repeated(int64_t count, const std::string& piece) {
  return repeated(count, [&](int64_t) { return piece; });
}

/// Why a page is refused; "" when it is not.
std::string refusal(const std::string& html, const HtmlLimits& limits = {}) {
  try {
    HtmlTree::parse(html, limits, "page");
    return "";
  } catch (const Error& error) {
    const std::string what = error.what();
    return what.substr(what.find_last_of(' ') + 1);
  }
}

TEST(Tree, GivesEachNodeItsOwnSlot) {
  const std::string html = "<title>a</title><p id=x class='a b'>b<b>c</b><picture>";
  const HtmlTree tree = HtmlTree::parse(html, {}, "page");
  std::set<size_t> slots;
  const GumboNode* paragraph = nullptr;
  const std::function<void(const GumboNode*)> walk = [&](const GumboNode* node) {
    EXPECT_LT(tree.slot(node), tree.num_slots());
    EXPECT_TRUE(slots.insert(tree.slot(node)).second);
    if (tag_of(node) == GUMBO_TAG_P) paragraph = node;
    for (const GumboNode* child : children(node)) walk(child);
  };
  walk(tree.root());
  EXPECT_EQ(slots.size(), 10u);
  ASSERT_NE(paragraph, nullptr);
  EXPECT_EQ(attribute(paragraph, "class"), "a b");
  EXPECT_EQ(attribute(paragraph, "href"), "");
  EXPECT_TRUE(has_attribute(paragraph, "id"));
  EXPECT_TRUE(has_unknown_name(children(paragraph)[2], "picture"));
  EXPECT_FALSE(has_unknown_name(children(paragraph)[1], "b"));
}

TEST(Tree, RefusesLongPages) {
  HtmlLimits limits;
  limits.bytes = 10;
  EXPECT_EQ(refusal("0123456789", limits), "");
  EXPECT_EQ(refusal("0123456789a", limits), "11");
}

TEST(Tree, RefusesDeepPages) {
  // html, body and the document above it are levels too.
  EXPECT_EQ(refusal(repeated(509, "<div>")), "");
  EXPECT_EQ(refusal(repeated(600, "<div>")), "depth");
  for (const char* tag : {"<div>", "<b>", "<font>", "<ul><li>", "<table><tr><td>", "<svg>",
                          "<math>", "<object>", "<b></i>", "<span></p>", "<ruby><rt>"}) {
    EXPECT_EQ(refusal(repeated(100'000, tag)), "depth") << tag;
  }
}

TEST(Tree, RefusesManyNodes) {
  HtmlLimits limits;
  limits.nodes = 1000;
  EXPECT_EQ(refusal(repeated(900, "<br>"), limits), "");
  EXPECT_EQ(refusal(repeated(1100, "<br>"), limits), "nodes");
  // Each paragraph opens the formatting elements of the first again.
  const std::string formats =
      repeated(50, [](int64_t i) { return "<b id=" + std::to_string(i) + ">"; });
  EXPECT_EQ(refusal("<p>" + formats + repeated(10'000, "<p>x")), "nodes");
}

TEST(Tree, RefusesManyAttributes) {
  const auto attributes = [](int64_t count) {
    return "<p" + repeated(count, [](int64_t i) { return " a" + std::to_string(i); }) + ">";
  };
  EXPECT_EQ(refusal(attributes(100)), "");
  EXPECT_EQ(refusal(attributes(101)), "attributes");
  EXPECT_EQ(refusal(attributes(1'000'000).substr(0, 4 << 20)), "attributes");
  EXPECT_EQ(refusal(repeated(10'000, "<p a b c>")), "");
  EXPECT_EQ(refusal(repeated(10'000, "<a b>") + "x"), "");
  // A value that is as long as a node is not one.
  const std::string value = "='" + std::string(sizeof(GumboNode) - 1, 'v') + "'";
  EXPECT_EQ(refusal("<p" + repeated(1000,
                                    [&](int64_t i) {
                                      return " a" + std::to_string(i) + (i % 50 == 0 ? value : "");
                                    })),
            "attributes");
}

TEST(Tree, RefusesManyBodies) {
  EXPECT_EQ(refusal(repeated(64, "<body a=1>x")), "");
  EXPECT_EQ(refusal(repeated(33, "<Body a=1>x<HTML b=2>")), "64");
}

TEST(Tree, ReadsFlatPagesOfAnySize) {
  for (const char* piece :
       {"<p>x", "<br>", "<li>", "</div>", "<!-- x -->", "<td>", "&amp;", "</b>"}) {
    EXPECT_EQ(refusal(repeated(50'000, piece)), "") << piece;
  }
}

TEST(Tree, MovesWithItsNodes) {
  HtmlTree a = HtmlTree::parse("<p>a", {}, "page");
  const GumboNode* root = a.root();
  const HtmlTree b = std::move(a);
  EXPECT_EQ(b.root(), root);
  EXPECT_LT(b.slot(root), b.num_slots());
}

}  // namespace
}  // namespace flamingo::html
