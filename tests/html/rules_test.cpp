#include "flamingo/html/rules.h"

#include <gtest/gtest.h>

#include "tests/html/page_text.h"

namespace flamingo::html {
namespace {

using testing::dropped;
using testing::shown;
using namespace std::string_literals;

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

TEST(Rules, HeadersOfSectionsStay) {
  const std::string text = shown(kProse);
  EXPECT_EQ(shown("<section><header><h2>T</h2></header>a</section>"), "T\n\na");
  EXPECT_EQ(shown("<section><div><header><h3>T</h3><p>by me</header>a</div></section>"),
            "T\n\nby me\n\na");
  EXPECT_EQ(shown("<section><header><h3><a href=1>T</a></h3></header>a</section>"), "T\n\na");
  EXPECT_EQ(shown("<section><header><div role=heading>T</div></header>a</section>"), "T\n\na");
  EXPECT_EQ(shown("<h1>S</h1><div><header><h2>T</h2></header>a</div>"), "S\n\nT\n\na");
  // That of the page is none of them, nor is one of links.
  EXPECT_EQ(shown("<div><header><h2>T</h2></header>a</div><h1>S</h1>"), "a\n\nS");
  EXPECT_EQ(shown("<section><header>T</header>a</section>"), "a");
  EXPECT_EQ(shown("<section><header><h2><a href=1>T</a></h2><a href=2>x</a></header>a</section>"),
            "a");
  // A header that was never closed holds the whole section.
  EXPECT_EQ(shown("<div><header><h2>T</h2><p>" + kProse + "</div>" + kProse + kProse),
            "T\n\n" + text + "\n\n" + text + " " + text);
  EXPECT_EQ(shown("<section><header><h2>T</h2><header><p>short</section><p>x"), "T\n\nshort\n\nx");
  EXPECT_EQ(shown("<div><header><h2>T</h2><p>all there is</div>x"), "T\n\nall there is\n\nx");
  EXPECT_EQ(shown("<nav><a href=1>x</a><h2>T</h2><p>" + kProse), "x\n\nT\n\n" + text);
  EXPECT_EQ(shown("<aside><h2>T</h2><p>" + kProse), "T\n\n" + text);
}

TEST(Rules, ButtonsThatAreHeadingsStay) {
  for (const char* html :
       {"<h2><button>Why?</button></h2>a", "<h2><span><b><button>Why?</button></b></span></h2>a",
        "<button><h3>Why?</h3></button>a", "<button><span><h3>Why?</h3></span></button>a",
        "<div role=heading><button>Why?</button></div>a",
        "<details><summary><button>Why?</button></summary>a</details>",
        "<details><summary>Why?</summary>a</details>", "<h3><a href=1>Why?</a></h3>a",
        "<div class=item><button class='accordion-button collapsed'>Why?</button><p>a</div>",
        "<button class=collapsible>Why?</button><div>a</div>",
        "<div class=accordion-header><button>Why?</button></div><p>a",
        "<div class=faq>\n<button>Why?</button><p>a</div>"}) {
    const std::string text = shown(html);
    EXPECT_TRUE(text == "Why?\n\na" || text == "Why?\na") << html << "\n" << text;
  }
  EXPECT_EQ(shown("<h3>+ <button>Why?</button></h3>a"), "+ Why?\n\na");
  EXPECT_EQ(shown("<dl><dt><button>Why?</button><dd>a</dl>"), "Why?\na");
  for (const char* html :
       {"<h2>Title <button>Copy the link</button></h2>a", "<h2>Title</h2><button>Copy</button>a",
        "<div class=faq><h2>Title</h2><button>Open all</button></div>a",
        "<h2>Title<input value=x><select><option>y</select></h2>a"}) {
    EXPECT_EQ(shown(html), "Title\n\na") << html;
  }
}

TEST(Rules, HiddenIsWhatAStyleHides) {
  EXPECT_EQ(shown("<p style='backface-visibility:hidden'>b</p>a"), "b\n\na");
  EXPECT_EQ(shown("<p style='display:none;display:block'>b</p>a"), "b\n\na");
  EXPECT_EQ(shown("<p hidden=until-found>b</p>a"), "b\n\na");
  EXPECT_EQ(shown("<p style='color:red; Visibility : Collapse !important'>b</p>a"), "a");
  EXPECT_EQ(shown("<p hidden=''>b</p><p hidden=hidden>c</p>a"), "a");
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

/// A block before the longer rest of a page, of which it is not most.
std::string block_of_page(const std::string& block) {
  const std::string rest = kProse + kProse + kProse + kProse + kProse + kProse;
  const std::string text = shown(block + "<p>" + rest + rest);
  const size_t cut = text.find(shown(rest));
  return cut == 0 ? "" : text.substr(0, cut - 2);
}

TEST(Rules, SectionsNamedLikeTheirHeadingStay) {
  const std::string text = "\n\n" + shown(kProse);
  for (const auto& [id, heading] : std::vector<std::pair<std::string, std::string>>{
           {"cookies", "Cookies"},
           {"copyright-considerations", "2.3. Copyright considerations"},
           {"the-login-command", "The <code>login</code> command"},
           {"navigation", "Navigation"},
           {"id_toolbar", "The toolbar"},
           {"footer", "Footer"},
           {"market-share1", "Market share"}}) {
    const std::string open = "<section id='" + id + "'><h2>" + heading + "</h2>";
    const std::string title = shown(heading);
    EXPECT_EQ(block_of_page(open + "<p>" + kProse + "</section>"), title + text) << id;
    EXPECT_EQ(block_of_page(open + "<ul><li><a href=1>x</a></ul><form><input></form></section>"),
              "");
  }
  EXPECT_EQ(block_of_page("<div id=cookies><h2>Cookies</h2>Bake them.</div>"),
            "Cookies\n\nBake them.");
  EXPECT_EQ(block_of_page("<div id=sec-cookies><h2>1.3 Cookies</h2><pre>bake -t 9</pre></div>"),
            "1.3 Cookies\n\nbake -t 9");
  EXPECT_EQ(block_of_page("<div id=share><h2>Share</h2><p><img src=a.png><p>x</div>"),
            "Share[a.png|]x");
  // Not what only has a heading.
  EXPECT_EQ(block_of_page(
                "<div id=cookies><h2>Cookies</h2>This site has some. <button>OK</button></div>"),
            "");
  EXPECT_EQ(
      block_of_page("<div id=share><h4>Share</h4><a href=1>Here</a> <a href=2>There</a></div>"),
      "");
  EXPECT_EQ(block_of_page("<div id=footer><h2 class=sr-only>Footer</h2>" + kProse + "</div>"), "");
}

TEST(Rules, PostsNamedLikeTheirCategoryStay) {
  const std::string post = "<h2>T</h2><p>" + kProse;
  const std::string text = "T\n\n" + shown(kProse);
  for (const char* names :
       {"recipe cookies", "cookies", "post share", "market-share", "user-login", "login", "toolbar",
        "post type-post category-social-media tag-newsletter hentry", "category-menu", "social"}) {
    EXPECT_EQ(block_of_page("<div class='" + std::string(names) + "'>" + post + "</div>"), text)
        << names;
  }
  EXPECT_EQ(block_of_page("<div class='recipe cookies'><h2>T</h2><ul><li>flour<li>eggs</ul></div>"),
            "T\n\n- flour\n- eggs");
  EXPECT_EQ(
      block_of_page(
          "<div class=menu><h2>Starters</h2><ul><li>Soup of the day 5<li>Bread, oil and salt 3"
          "<li>Fish of the lake 9</ul></div>"),
      "Starters\n\n- Soup of the day 5\n- Bread, oil and salt 3\n- Fish of the lake 9");
  EXPECT_EQ(block_of_page("<div class=tooltip>" + post + "</div>"), text);
  EXPECT_EQ(block_of_page("<div class=market-share>" + kProse + "</div>"), shown(kProse));
  EXPECT_EQ(block_of_page("<table class=market-share><tr><td>x<td>7</table>"), "x\t7");
  EXPECT_EQ(block_of_page("<div class=popup-gallery><a href=1><img src=a.png></a>x</div>"),
            "[a.png|] x");
  EXPECT_EQ(block_of_page("<div class='recipe cookies'><a href=1><img src=a.png></a>x</div>"),
            "[a.png|] x");
  for (const char* names : {"chocolate-cookies", "nav-mesh", "toolbar"})
    EXPECT_EQ(block_of_page("<div class=" + std::string(names) + ">" + kProse + "</div>"),
              shown(kProse));
}

TEST(Rules, WhatStandsAroundATextGoes) {
  for (const std::string& block :
       {"<div class=cookie-banner><h2>Privacy</h2><p>" + kProse + "<button>Accept</button></div>",
        "<div class='cookies'><p>" + kProse + "<a href=p>More</a></div>",
        "<div id=cookie-law-info-bar>" + kProse + "<a role=button href=#>OK</a></div>",
        "<div class=cookies><h2>Cookies</h2>" + kProse + "<a href='#'>OK</a></div>",
        "<div class=share-box><h4>Share this with friends</h4><a href=1><img src=i.png></a></div>"s,
        "<div class=td-post-sharing><h3>Share</h3><a href=1>Here</a><a href=2>There</a></div>"s,
        "<div class=social-links><p>Follow us <a href=1>here</a> <a href=2>and there</a></div>"s,
        "<div class=newsletter><h3>News</h3><p>" + kProse + "<input><button>Go</button></div>",
        "<div id=respond><h3>Leave a reply</h3><p>" + kProse + "<textarea></textarea></div>",
        "<div class=login><h3>Log in</h3><p>Your account<input></div>"s,
        "<div class=footer><h3>About us</h3><p>" + kProse + "<a href=1>Contact</a></div>",
        "<div class=footer>" + kProse + "</div>",
        "<div class=copyright>(c) 2020 us</div>"s,
        "<div class=category-nav><a href=1>x</a></div>"s,
        "<div class=sidebar><h3>About</h3>me</div>"s,
        "<div class=gallery-nav>1 2 3</div>"s,
        "<div class=chocolate-cookies>" + kProse + "<a href=p>More</a></div>",
        "<div class=market-share><a href=1><img src=i.png></a><a href=2>x</a></div>"s,
        "<div id=sec-share><h4>Share it</h4><a href=1>Here</a></div>"s,
        "<p class=ad>" + kProse + "</p>",
        "<div class=ttc>" + kProse + "</div>"}) {
    EXPECT_EQ(block_of_page(block), "") << block;
  }
}

TEST(Rules, WhatAToolTipExplainsStays) {
  for (const char* html : {"<a class='tooltip x' href=1>a<span class=tooltip-content>b</span></a>",
                           "<div class=tooltip>a<span class=tooltiptext>b</span></div>",
                           "<span class=tooltip title=b>a</span>",
                           "<i class=tooltip><b>a</b><span class=tooltip>b</span></i>",
                           "a<span class=tooltip>b</span>", "a<div role=tooltip>b</div>"})
    EXPECT_EQ(shown(html), "a") << html;
}

TEST(Rules, AnchorsWithoutAddressAreNoLinks) {
  const std::string row = "<tr><td><a href=1>tool</a><td>copies files";
  const std::string rows = "<table>" + row + row + row + row + row + "</table>";
  const std::string text = shown(rows);
  EXPECT_NE(text, "");
  for (const char* anchor : {"<a id=t/>", "<a name=t>", "<a class=t></a>", "<a id=t><b>"}) {
    EXPECT_EQ(shown("<p>x</p><div>" + std::string(anchor) + rows + "</div>"), "x\n\n" + text)
        << anchor;
  }
  const std::string item = "<li><a href=1>tool</a> copies files";
  for (const char* anchor : {"<a id=t/>", "<a name=t>", "<a class=t></a>"}) {
    EXPECT_EQ(
        shown("x" + std::string(anchor) + "<ul>" + item + item + item + item + "</ul>"),
        "x\n\n- tool copies files\n- tool copies files\n- tool copies files\n- tool copies files");
  }
  const std::string menu =
      "<ul><li><a href=1>b</a><li><a href=1>c</a><li><a href=1>d</a><li><a href=1>e</a></ul>";
  EXPECT_EQ(shown("x<div><a name=t>" + menu + "</div>"), "x");
}

TEST(Rules, LinksThatTextExplainsStay) {
  const std::string links =
      "<a href=1>aaaaaaaa</a> <a href=1>bbbbbbbb</a><br><a href=1>cccccccc</a> <a "
      "href=1>dddddddd</a>";
  const std::string row = "<tr><td>" + links + "<td>all";
  EXPECT_EQ(shown("<table>" + row + row + row + "</table>"),
            shown("<table>" + row + row + row + "</table>", [] {
              PageOptions options;
              options.rules.link_menus = false;
              return options;
            }()));
  EXPECT_EQ(shown("<table>" + row + "</table>x"), "x");
  EXPECT_EQ(shown("<h2>See also</h2><p><a href=1>a(1)</a>, <a href=1>b(1)</a>, <a href=1>c(1)</a>, "
                  "<a href=1>d(1)</a>."),
            "See also\n\na(1), b(1), c(1), d(1).");
  EXPECT_EQ(
      shown(
          "<p>x<p><a href=1>a(1)</a>, <a href=1>b(1)</a>, <a href=1>c(1)</a>, <a href=1>d(1)</a>."),
      "x");
  // A title page is more than the contents below it.
  const std::string menu =
      "<ul><li><a href=1>aaaaaaaaaa</a><li><a href=1>bbbbbbbb</a><li><a href=1>cccccc</a><li><a "
      "href=1>dddd</a></ul>";
  EXPECT_EQ(shown("<div><h1>T</h1>me" + menu + "</div>"), "T\n\nme");
  EXPECT_EQ(shown("x<div><h1><a href=1>T</a></h1>me" + menu + "</div>"), "x");
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
  // A sentence, though short, is no part of a menu behind it.
  EXPECT_EQ(shown("x<div><p>Frees a block of memory that was given by <a href=1>malloc()</a>, if "
                  "there is any of it.<p>" +
                  menu + menu + menu + menu + menu + menu + "</div>"),
            "x\n\nFrees a block of memory that was given by malloc(), if there is any of it.");
  EXPECT_EQ(shown("x<div><p>More of it:<p>" + menu + menu + menu + "</div>"), "x");
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
}  // namespace flamingo::html
