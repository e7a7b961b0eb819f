#include "flamingo/html/facts.h"

#include <gtest/gtest.h>

namespace flamingo::html {
namespace {

PageFacts facts(const std::string& html) {
  const HtmlTree tree = HtmlTree::parse(html, {}, "page");
  return read_facts(tree, "http://h/d/p", 100);
}

TEST(Facts, BaseIsTheFirstThatIsNotEmpty) {
  EXPECT_EQ(facts("a").base, "http://h/d/p");
  EXPECT_EQ(facts("<base href=/x/><base href=/y/>").base, "http://h/x/");
  EXPECT_EQ(facts("<base target=x><base href=''><base href=' '><base href=x/>").base,
            "http://h/d/x/");
  EXPECT_EQ(facts("<base href='HTTPS://c/x'>").base, "https://c/x");
  EXPECT_EQ(facts("<base href=//c/x>").base, "http://c/x");
  EXPECT_EQ(facts("<base href='?q'>").base, "http://h/d/p?q");
  EXPECT_EQ(facts("<base href=" + std::string(200, 'x') + ">").base, "http://h/d/p");
}

TEST(Facts, BaseOfAnotherSchemeDoesNotCount) {
  for (const char* base : {"data:text/plain,x", "DATA:,", "javascript:x", "ftp://f/x/",
                           "file:///x/", "mailto:a@b", "about:blank", "http:///", "x-y:z"}) {
    EXPECT_EQ(facts("<base href='" + std::string(base) + "'>").base, "http://h/d/p") << base;
  }
  const HtmlTree tree = HtmlTree::parse("<base href=x/>", {}, "page");
  EXPECT_EQ(read_facts(tree, "file:///d/p", 100).base, "file:///d/x/");
}

TEST(Facts, Language) {
  EXPECT_EQ(facts("<html lang=' de '>").language, "de");
  EXPECT_EQ(facts("<html xml:lang=fr>").language, "fr");
  EXPECT_EQ(facts("<body lang=it>").language, "it");
  EXPECT_EQ(facts("<p lang=xx>a</p><div lang=es>b</div>").language, "es");
  EXPECT_EQ(facts("<meta http-equiv=Content-Language content=pt>").language, "pt");
  EXPECT_EQ(facts("<html lang=de><meta http-equiv=content-language content=pt>").language, "de");
  EXPECT_EQ(facts("a").language, "");
}

TEST(Facts, LicenceByLinkThenCreativeCommonsThenMeta) {
  const std::string meta = "<meta name=DCTERMS.license content=' by  hand '>";
  const std::string cc = "<footer><a href='//creativecommons.org/licenses/by/4.0/'>cc</a></footer>";
  EXPECT_EQ(facts(meta).licence, "by hand");
  EXPECT_EQ(facts(meta + cc).licence, "http://creativecommons.org/licenses/by/4.0/");
  EXPECT_EQ(facts(meta + cc + "<a rel='nofollow LICENSE' href=l>x</a>").licence, "http://h/d/l");
  EXPECT_EQ(facts("<a href=http://creativecommons.org/about>x</a>").licence, "");
}

TEST(Facts, RobotsOfAllTagsOnce) {
  const PageFacts page = facts(
      "<meta name=robots content='NOINDEX,nofollow'><meta name=ROBOTS content='noimageai noindex'>"
      "<meta name=tdm-reservation content=1><meta name=googlebot content=nosnippet>");
  EXPECT_EQ(page.robots,
            (std::vector<std::string>{"noindex", "nofollow", "noimageai", "tdm-reservation"}));
  EXPECT_TRUE(facts("<meta name=tdm-reservation content=0>").robots.empty());
}

TEST(Facts, TitleOfTheHeadAlone) {
  EXPECT_EQ(facts("<title> a &amp;\nb </title>").title, "a & b");
  EXPECT_EQ(facts("<body><svg><title>x</title></svg>").title, "");
}

}  // namespace
}  // namespace flamingo::html
