#include "flamingo/html/rules.h"

#include <gtest/gtest.h>

#include "tests/html/page_text.h"

namespace flamingo {
namespace {

using testing::dropped;
using testing::shown;

const std::string kProse =
    "Here is prose that is long enough to be no entry of a menu: it goes on and on and does not "
    "end very soon. ";

/// What a rule leaves of a page, and what it and turning it off make of it.
void expect_rule(const std::string& html, const std::string& text, DropReason reason,
                 DropCount count) {
  const HtmlPage page = parse_page(html, "http://h/");
  EXPECT_EQ(shown(page.document), text) << html;
  EXPECT_EQ(dropped(page, reason).characters, count.characters) << html;
  EXPECT_EQ(dropped(page, reason).pictures, count.pictures) << html;
}

TEST(Rules, EachCountsWhatItDrops) {
  expect_rule("<p hidden>one <img></p>a", "a", DropReason::kHidden, {3, 1});
  expect_rule("<button>go</button>a", "a", DropReason::kForm, {2, 0});
  expect_rule("<nav>b c <img><p>d</nav>a", "a", DropReason::kTag, {3, 1});
  expect_rule("<div role=search>b</div>a", "a", DropReason::kRole, {1, 0});
  expect_rule("<div class=footer>b</div>a c", "a c", DropReason::kName, {1, 0});
  expect_rule("<main>abcd</main><p>x<p>y", "abcd", DropReason::kOutside, {2, 0});
  expect_rule(
      "a<ul><li><a href=1>b</a><li><a href=1>c</a><li><a href=1>d</a>"
      "<li><a href=1>e</a></ul>",
      "a", DropReason::kLinks, {4, 0});
}

TEST(Rules, EachCanBeTurnedOff) {
  const std::string html =
      "<p hidden>h</p><button>f</button><nav>t</nav><p role=search>r</p><p class=ad>n</p>"
      "<ul><li><a href=1>b</a><li><a href=1>c</a><li><a href=1>d</a><li><a href=1>e</a></ul>"
      "<main>" +
      kProse + "</main>o";
  const auto with = [&](bool BoilerplateRules::*rule) {
    PageOptions options;
    options.rules.*rule = false;
    return shown(html, options);
  };
  const std::string prose = kProse.substr(0, kProse.size() - 1);
  EXPECT_EQ(shown(html), prose);
  EXPECT_EQ(with(&BoilerplateRules::main_only), prose + "\n\no");
  PageOptions options;
  options.rules.main_only = false;
  for (const auto& [rule, text] : std::vector<std::pair<bool BoilerplateRules::*, std::string>>{
           {&BoilerplateRules::hidden, "h"},
           {&BoilerplateRules::forms, "f"},
           {&BoilerplateRules::tags, "t"},
           {&BoilerplateRules::roles, "r"},
           {&BoilerplateRules::names, "n"},
           {&BoilerplateRules::link_menus, "- b\n- c\n- d\n- e"}}) {
    options.rules.*rule = false;
    EXPECT_EQ(shown(html, options), text + "\n\n" + prose + "\n\no");
    options.rules.*rule = true;
  }
}

TEST(Rules, HeadersWithTheHeadingStay) {
  EXPECT_EQ(shown("<header><div><h1>T</h1></div>by me</header>a"), "T\n\nby me\n\na");
  EXPECT_EQ(shown("<header><p>Site</p></header>a<footer>f</footer>"), "a");
  EXPECT_EQ(
      shown("<article><header>by me</header>a<aside>note</aside><footer>f</footer></article>"),
      "by me\n\na\n\nnote");
  EXPECT_EQ(shown("<aside>x</aside>a"), "a");
}

TEST(Rules, NamesSpareMostOfThePageAndProse) {
  EXPECT_EQ(shown("<div class='page nav'><p>all there is</div>x"), "all there is\n\nx");
  EXPECT_EQ(shown("<div class=sidebar>" + kProse + "</div><p>" + kProse + kProse),
            shown("<div>" + kProse + "</div><p>" + kProse + kProse));
  EXPECT_EQ(shown("<div class=sidebar>short</div><p>longer text"), "longer text");
  EXPECT_EQ(shown("<div class=footer>" + kProse + "</div><p>" + kProse + kProse),
            shown("<p>" + kProse + kProse));
  EXPECT_EQ(shown("a <span class=menu>File</span> <span class=sr-only>x</span>b"), "a File b");
  EXPECT_EQ(shown("<main class=nav>a</main>"), "a");
}

TEST(Rules, MenusAreManyLinksAndLittleElse) {
  const std::string links = "<a href=1>aaaa</a> <a href=1>bbbb</a> <a href=1>cccc</a> ";
  const std::string menu = links + "<a href=1>dddd</a> ";
  EXPECT_EQ(shown("x<p>" + menu), "x");
  EXPECT_EQ(shown("x<p>" + links), "x\n\naaaa bbbb cccc");
  EXPECT_EQ(shown("x<p>12345" + menu), "x\n\n12345aaaa bbbb cccc dddd");
  EXPECT_EQ(shown("x<p>123 " + menu), "x");
  // Pictures in links are a gallery; anchors are no links.
  EXPECT_EQ(shown("<p><a href=1><img src=1.png>a</a><a href=1><img src=2.png>b</a><a href=1>c</a>"
                  "<a href=1>d</a>"),
            "[1.png|] a [2.png|] bcd");
  EXPECT_EQ(shown("<p><a name=1>a</a><a name=2>b</a><a name=3>c</a><a name=4>d</a>"), "abcd");
  // A long text beside a long menu in one block keeps the block, not the menu.
  EXPECT_EQ(shown("<div><ul><li>" + menu + menu + menu + menu + menu + menu + "</ul><p>" + kProse +
                  "</div>"),
            shown(kProse));
}

TEST(Rules, MainMustBeOneAndHoldTheText) {
  EXPECT_EQ(shown("<p>out</p><article>inside</article>"), "inside");
  EXPECT_EQ(shown("<p>out</p><div role=main>inside</div>"), "inside");
  EXPECT_EQ(shown("<p>out</p><article>in</article><article>in</article>"), "out\n\nin\n\nin");
  EXPECT_EQ(shown("<p>outside is longer</p><main>in</main>"), "outside is longer\n\nin");
  EXPECT_EQ(shown("<p>out</p><main><article>a</article><article>b</article>cc</main>"),
            "a\n\nb\n\ncc");
  EXPECT_EQ(shown("<p>o</p><article>abc<article>d</article></article>"), "abc\n\nd");
  EXPECT_EQ(shown("<main hidden>x</main><p>a"), "a");
}

}  // namespace
}  // namespace flamingo
