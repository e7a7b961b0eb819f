#include "flamingo/html/page.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "tests/html/page_text.h"

namespace flamingo::html {
namespace {

using namespace std::string_literals;
using testing::dropped;
using testing::shown;

struct Case {
  std::string html;
  std::string text;
};

void expect_shown(const std::vector<Case>& cases) {
  for (const Case& example : cases) EXPECT_EQ(shown(example.html), example.text) << example.html;
}

TEST(Page, Text) {
  expect_shown({
      {"", ""},
      {"plain", "plain"},
      {"<p>a  b\n c</p><p>d", "a b c\n\nd"},
      {"a<br>b<br/><br>c", "a\nb\n\nc"},
      {"<h1>T</h1>x<div>y</div>z", "T\n\nx\n\ny\n\nz"},
      {"a <b> b</b><i>c </i> d", "a bc d"},
      {"<p> </p><div><p>&nbsp;</p></div>x", "x"},
      {"a&nbsp;&nbsp;b&shy;c&#8203;d", "a bcd"},
      {"&lt;b&gt; &amp;amp; &eacute; &#x1F600; &notanentity;",
       "<b> &amp; \u00e9 \U0001F600 \u00acanentity;"},
      {"<ul><li>a<li>b<ul><li>c</ul></ul>d", "- a\n- b\n- c\n\nd"},
      {"<ol start=3><li>a<li value=7>b<li><p>c</ol>", "3. a\n7. b\n8. c"},
      {"<ul><li></li><li> </li></ul>x", "x"},
      {"<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\nb\nc\nd"},
      {"<table><caption>t</caption><tr><th>a<th>b<tr><td>c<td> <td>d</table>x",
       "t\na\tb\nc\t\td\n\nx"},
      {"<table><tr><td><div>a</div><td>b</table>", "a\tb"},
      {"a<pre>\n x  y\n\n  z\n</pre>b", "a\n\n x  y\n\n  z\n\nb"},
      {"<pre>a <b>b</b>  <i>c</i>\n  <u>d</u></pre>", "a b  c\n  d"},
      {"<div class=fragment><div class=line> <b>if</b> x:</div><div class=line>  y</div></div>",
       " if x:\n  y"},
      {"<blockquote>a<footer>b</footer></blockquote>", "a\n\nb"},
  });
}

TEST(Page, NoMarkupAndNothingUnseen) {
  expect_shown({
      {"<title>t</title><style>s</style>a<script>s('<p>x</p>')</script>b<!-- c -->", "ab"},
      {"a<template>t</template><svg><text>s</text></svg><iframe>i</iframe><object>o</object>b",
       "ab"},
      {"a<noscript>n</noscript>b", "ab"},
      {"<select><option>o</select><textarea>t</textarea><button>b</button>a<input value=v>", "a"},
      {"<form><p><label>l</label> x</p></form>", "l x"},
      {"<p hidden>x</p><p style='color:red; Display : none'>x</p><p aria-hidden=true>x</p>y", "y"},
      {"<math><mi>x</mi><annotation>\\x</annotation></math>", "x"},
      {"<frameset><frame src=a></frameset>", ""},
  });
}

TEST(Page, PicturesAtTheirPlaces) {
  expect_shown({
      {"<p>a</p><img src=i.png alt=' x  y '><p>b</p>", "a[i.png|x y]b"},
      {"<p>click <img src=i.png> to go</p>", "click [i.png|] to go"},
      {"<ul><li><img src=i.png><li>b</ul>", "[i.png|]- b"},
      {"<img src=1.png><img src=2.png title=t>", "[1.png|][2.png|t]"},
      {"<a href=big.jpg>see</a>", "see"},
      {"<a href=big.jpg><img src=/s.jpg></a>", "[http://h/s.jpg|]"},
      {"<base href=//c/x/><img src=i.png>", "[http://c/x/i.png|]"},
      {"<video src=v.mp4 title=t>old</video>a", "[v.mp4|t] a"},
      {"<p>a<img>b<img src=' '>c", "abc"},
  });
}

TEST(Page, CaptionsFollowTheirPicture) {
  expect_shown({
      {"<figure><img src=i.png><figcaption>c</figcaption></figure>d", "[i.png|]c\n\nd"},
      {"a<figure><figcaption>c <b>d</b></figcaption><p><img src=i.png></p>e</figure>f",
       "a[i.png|]e\n\nc d\n\nf"},
      {"<figure><figcaption>c</figcaption></figure>", "c"},
  });
}

TEST(Page, LazyPicturesOnce) {
  expect_shown({
      {"<img src=data:image/gif;base64,AA data-src=i.png>", "[i.png|]"},
      {"<noscript><img src=i.png></noscript>", "[i.png|]"},
      {"<img data-src=i.png> <noscript><img src=i.png>x</noscript>", "[i.png|]"},
      {"<p><noscript><img src=i.png></noscript> <img data-src=i.png>", "[i.png|]"},
      {"<img class=lazy><noscript><img src=i.png></noscript>", "[i.png|]"},
      {"<img src=j.png>text<noscript><img src=i.png></noscript>", "[j.png|] text [i.png|]"},
  });
}

TEST(Page, VideosAreMedia) {
  const HtmlPage page = parse_page(
      "<video width=640><source src=a.webm type=video/webm><source src=a.mp4 type=video/mp4>"
      "</video><img src=p.png>",
      "http://h/");
  ASSERT_EQ(page.document.media.size(), 2u);
  EXPECT_EQ(page.document.media[0].kind, document::MediaKind::kVideo);
  EXPECT_EQ(page.document.media[0].url, "http://h/a.mp4");
  EXPECT_EQ(page.document.media[0].width, 640);
  EXPECT_EQ(page.document.media[1].kind, document::MediaKind::kImage);
  EXPECT_EQ(page.document.parts.size(), 2u);
}

TEST(Page, CountsPicturesItLeavesOut) {
  PageOptions options;
  options.limits.pictures = 2;
  const HtmlPage page = parse_page(
      "<img src=1.png><img src=p.gif width=1 height=1><img src=l.svg><img src=javascript:x>"
      "<img src=2.png><img src=3.png><nav><img src=n.png>Menu</nav>",
      "http://h/", options);
  EXPECT_EQ(page.document.media.size(), 2u);
  EXPECT_EQ(dropped(page, DropReason::kTooMany).pictures, 1);
  EXPECT_EQ(dropped(page, DropReason::kTiny).pictures, 1);
  EXPECT_EQ(dropped(page, DropReason::kSvg).pictures, 1);
  EXPECT_EQ(dropped(page, DropReason::kAddress).pictures, 1);
  EXPECT_EQ(dropped(page, DropReason::kTag).pictures, 1);
  EXPECT_EQ(dropped(page, DropReason::kTag).characters, 4);
}

TEST(Page, OddMarkup) {
  expect_shown({
      {"<b><p>a</b>b</p>c", "ab\n\nc"},
      {"<a href=x>1<a href=y>2</a>3", "123"},
      {"<table>lost<tr><td>x</table>", "lost\n\nx"},
      {"a<!-- never closed <p>b", "a"},
      {"a<!-->b<!--->c", "abc"},
      {"a</p>b</div>c</br>d", "a\n\nbc\nd"},
      {"<p>a<div>b</p>c", "a\n\nb\n\nc"},
      {"<li>a<li>b", "- a\n- b"},
      {"a<![CDATA[b]]>c<?php x ?>d", "acd"},
      {"<x-y>a</x-y><unknown>b", "ab"},
      {"<body>a</body></html>b", "ab"},
      {"<script>a", ""},
      {"a<script>x</scr", "a"},
      {"<p title='>'>a<p title=\"", "a"},
      {"<plaintext><p>a", "<p>a"},
      {"a\0b"s, "ab"},
      {"&#0;&#xD800;&#x110000;", "\ufffd\ufffd\ufffd"},
      {"\ufeffa", "a"},
  });
}

TEST(Page, Facts) {
  const HtmlPage page = parse_page(
      "<html lang=en-GB><title> A \n B </title><meta name=Robots content='NoIndex, noai'>"
      "<link rel='x License' href=/cc><link rel=canonical href=c>a",
      "http://h/d/p");
  EXPECT_EQ(page.document.title, "A B");
  EXPECT_EQ(page.document.url, "http://h/d/p");
  EXPECT_EQ(page.document.licence, "http://h/cc");
  EXPECT_EQ(page.language, "en-GB");
  EXPECT_EQ(page.canonical, "http://h/d/c");
  EXPECT_TRUE(page.forbids("noai"));
  EXPECT_TRUE(page.forbids("noindex"));
  EXPECT_FALSE(page.forbids("nosnippet"));
}

TEST(Page, OptionsReadAsJson) {
  PageOptions options;
  config_from_json(parse_json(R"({"rules": {"tags": false}, "pictures": {"svg": true}})", "x"),
                   options, "x");
  EXPECT_EQ(shown("<nav>a</nav><img src=b.svg>", options), "a[b.svg|]");
  EXPECT_EQ(shown("<nav>a</nav><img src=b.svg>"), "");
}

}  // namespace
}  // namespace flamingo::html
