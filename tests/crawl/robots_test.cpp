#include "flamingo/crawl/robots.h"

#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

using namespace std::string_view_literals;

bool allows(std::string_view robots, std::string_view target, std::string_view agent = "FooBot") {
  return RobotsTxt::parse(robots, agent).allows(target);
}

TEST(Robots, WithoutRulesEverythingIsAllowed) {
  EXPECT_TRUE(allows("", "/x"));
  EXPECT_TRUE(allows("<html>404: not found</html>", "/x"));
  EXPECT_TRUE(allows("Disallow: /\n", "/x")) << "a rule before any group";
  EXPECT_TRUE(allows("User-agent: *\nDisallow:\n", "/x"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /\n", "/robots.txt"));
}

TEST(Robots, TheGroupOfTheAgentReplacesThatOfAll) {
  const char* robots =
      "User-agent: *\nDisallow: /all\n"
      "User-agent: foobot\nDisallow: /foo\n"
      "User-agent: barbot\nUser-agent: quxbot\nDisallow: /bar\n"
      "User-agent: FooBot/2.1 (x)\nDisallow: /more\n";
  EXPECT_FALSE(allows(robots, "/foo"));
  EXPECT_FALSE(allows(robots, "/more")) << "two groups of one agent are read as one";
  EXPECT_TRUE(allows(robots, "/all"));
  EXPECT_TRUE(allows(robots, "/bar"));
  EXPECT_FALSE(allows(robots, "/bar", "BarBot"));
  EXPECT_FALSE(allows(robots, "/bar", "quxbot"));
  EXPECT_FALSE(allows(robots, "/all", "otherbot"));
  EXPECT_FALSE(allows(robots, "/all", "foobot-news")) << "a longer token is another agent";
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /\nUser-agent: foobot\nAllow: /\n", "/x"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /\nUser-agent: foobot\n", "/x"))
      << "a group without rules is a group";
}

TEST(Robots, OtherLinesDoNotEndAGroup) {
  const char* robots =
      "User-agent: foobot\nSitemap: https://e.org/s.xml\nUser-agent: barbot\n\n# text\nDisallow: "
      "/x\n";
  EXPECT_FALSE(allows(robots, "/x", "foobot"));
  EXPECT_FALSE(allows(robots, "/x", "barbot"));
}

TEST(Robots, TheLongestRuleDecidesAndAllowWinsTies) {
  const char* robots =
      "User-agent: *\nAllow: /p\nDisallow: /\nDisallow: /p/secret\nAllow: /p/secret\n";
  EXPECT_TRUE(allows(robots, "/page"));
  EXPECT_FALSE(allows(robots, "/x"));
  EXPECT_TRUE(allows(robots, "/p/secret/1"));
  // The examples of RFC 9309, section 5.2 and of Google's documentation.
  const char* longest =
      "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
  EXPECT_TRUE(allows(longest, "/example/page/a"));
  EXPECT_FALSE(allows(longest, "/example/page/disallowed.gif"));
  EXPECT_TRUE(allows("User-agent: *\nallow: /folder\ndisallow: /folder\n", "/folder/page"));
  EXPECT_FALSE(allows("User-agent: *\nallow: /page\ndisallow: /*.htm\n", "/page.htm"));
  EXPECT_TRUE(allows("User-agent: *\nallow: /page\ndisallow: /*.ph\n", "/page.php5"));
  EXPECT_TRUE(allows("User-agent: *\nallow: /$\ndisallow: /\n", "/"));
  EXPECT_FALSE(allows("User-agent: *\nallow: /$\ndisallow: /\n", "/page.htm"));
}

struct PatternCase {
  const char* pattern;
  const char* target;
  bool matches;
};

TEST(Robots, Patterns) {
  for (const auto& [pattern, target, matches] : std::initializer_list<PatternCase>{
           {"/fish", "/fish.html", true},
           {"/fish", "/Fish.asp", false},
           {"/fish", "/catfish", false},
           {"/fish*", "/fishheads/yummy.html", true},
           {"/fish/", "/fish", false},
           {"/fish/", "/fish/?id=anything", true},
           {"/*.php", "/folder/any.php.file.html", true},
           {"/*.php", "/windows.PHP", false},
           {"/*.php$", "/filename.php", true},
           {"/*.php$", "/filename.php?parameters", false},
           {"/*.php$", "/a.php.php", true},
           {"/fish*.php", "/fishheads/catfish.php?parameters", true},
           {"/fish*.php", "/Fish.PHP", false},
           {"*", "/x", true},
           {"*/x", "/a/x", true},
           {"/a*b*c$", "/a1b2c", true},
           {"/a*b*c$", "/a1b2c3", false},
           {"/a**b", "/axb", true},
           {"/a*$", "/abc", true},
           {"/a$", "/a", true},
           {"/a$", "/ab", false},
           {"/a$b", "/a$b", true},
           {"/a*aa$", "/aa", false},
           {"/file-%2A.html", "/file-*.html", true},
           {"/file-%24", "/file-$", true},
           {"/file-*", "/file-%2Ax", true},
           {"/foo/bar/\xE3\x83\x84", "/foo/bar/%E3%83%84", true},
           {"/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84", true},
           {"/foo/bar/%62%61%7A", "/foo/bar/baz", true},
           {"/foo/bar/baz", "/foo/bar/%62%61%7a", true},
           {"/a%2fb", "/a/b", false},
           {"/a%2fb", "/a%2Fb", true},
           {"/a b", "/a%20b", true},
           {"/a%", "/a%", true},
       }) {
    EXPECT_EQ(allows("User-agent: *\nDisallow: " + std::string(pattern), target), !matches)
        << pattern << " " << target;
  }
}

TEST(Robots, LineEndsMarksAndBlanks) {
  EXPECT_FALSE(allows("\xEF\xBB\xBFUser-agent: *\r\nDisallow: /x\r\n", "/x"));
  EXPECT_FALSE(allows("User-agent: *\rDisallow: /x\r", "/x"));
  EXPECT_FALSE(allows("  USER-AGENT :\t* # all\n\tdisallow:/x   # no\n", "/x"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /x # y\n", "/")) << "comments are no pattern";
  EXPECT_FALSE(allows("User-agent: *\nDisal\0low: /y\nDisallow: /x\n"sv, "/x"));
}

TEST(Robots, OnlyTheFirst500KiBAreRead) {
  const std::string head = "User-agent: *\nDisallow: /early\n#";
  const std::string filler(500 << 10, 'x');
  EXPECT_FALSE(allows(head + filler + "\nDisallow: /late\n", "/early"));
  EXPECT_TRUE(allows(head + filler + "\nDisallow: /late\n", "/late"));
  std::string cut = "User-agent: *\n#" + filler;
  cut.replace((500 << 10) - 11, 16, "\nDisallow: /late");
  EXPECT_TRUE(allows(cut, "/x")) << "a rule cut to /";
}

TEST(Robots, CrawlDelay) {
  const auto delay = [](std::string_view text) {
    return RobotsTxt::parse(text, "foobot").crawl_delay();
  };
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 2.5\n"), 2.5);
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 9\nUser-agent: foobot\nCrawl-delay: 1"), 1.0);
  EXPECT_EQ(delay("User-agent: *\nDisallow: /\n"), std::nullopt);
  for (const char* bad : {"-1", "x", "nan", "inf", ""}) {
    EXPECT_EQ(delay("User-agent: *\nCrawl-delay: " + std::string(bad)), std::nullopt) << bad;
  }
}

// 25,000 rules of wildcards against the longest target: linear, so it ends at once.
TEST(Robots, HostileWildcardsAreLinear) {
  std::string robots = "User-agent: *\n";
  while (robots.size() < 500 << 10) robots += "Disallow: /*a*b$\n";
  EXPECT_TRUE(allows(robots, "/" + std::string(8'000, 'a')));
  const std::string stars = "User-agent: *\nDisallow: /" + std::string(200'000, '*') + "b$\n";
  EXPECT_TRUE(allows(stars, "/" + std::string(8'000, 'a')));
  const std::string repeated = "User-agent: *\nDisallow: /*" + std::string(4'000, 'a') + "b\n";
  EXPECT_TRUE(allows(repeated, "/" + std::string(8'000, 'a')));
}

TEST(Robots, DamagedFilesNeverFail) {
  const std::string whole = "User-agent: *\nDisallow: /a*b$\nAllow: /%61%zz\nCrawl-delay: 3\n";
  Rng rng(testing::seeded(3));
  for (int i = 0; i < 5'000; ++i) {
    std::string damaged = whole.substr(0, rng.below(whole.size() + 1));
    for (int flips = 0; flips < 3 && !damaged.empty(); ++flips) {
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
    }
    allows(damaged, "/axb");
  }
}

TEST(ProductToken, IsTheNameInFront) {
  EXPECT_EQ(product_token("flamingo-crawler/0.1 (+https://e.org)"), "flamingo-crawler");
  EXPECT_EQ(product_token("Foo_Bot"), "Foo_Bot");
  EXPECT_EQ(product_token("(x)"), "");
}

}  // namespace
}  // namespace flamingo::crawl
