#include "flamingo/crawl/web_address.h"

#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "flamingo/url/url.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

std::string read(std::string_view text) {
  const auto address = WebAddress::parse(text);
  return address ? address->text() : "refused";
}

struct Case {
  const char* text;
  const char* expected;
};

TEST(WebAddress, ReadsAndNormalises) {
  for (const auto& [text, expected] : std::initializer_list<Case>{
           {"http://example.org", "http://example.org/"},
           {"HTTPS://EXAMPLE.org:443/a?b#c", "https://example.org/a?b"},
           {"http://example.org:80", "http://example.org/"},
           {"http://example.org:443/", "http://example.org:443/"},
           {"https://example.org:80/", "https://example.org:80/"},
           {"http://example.org:/x", "http://example.org/x"},
           {"http://example.org.:8080/x", "http://example.org:8080/x"},
           {"http://example.org?x=/../y", "http://example.org/?x=/../y"},
           {"http://example.org#@127.0.0.1/", "http://example.org/"},
           {"http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"},
           {"http://B\xC3\xBC"
            "cher.example/",
            "http://xn--bcher-kva.example/"},
           {"http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.1/", "http://127.0.0.1/"},
           {"http://127.0.0.1\xE3\x80\x82/", "http://127.0.0.1/"},
           {"http://a_b.example/", "http://a_b.example/"},
           {"http://e.org/a b\xC3\xA9\"<>|", "http://e.org/a%20b%C3%A9%22%3C%3E%7C"},
           {"http://e.org/%zz%4", "http://e.org/%zz%4"},
           {"http://e.org/%252e%252e/x", "http://e.org/%252e%252e/x"},
           {"http://e.org/a/./b/../c", "http://e.org/a/c"},
           {"http://e.org/../../etc", "http://e.org/etc"},
           {"http://e.org/a/%2E%2e/b", "http://e.org/b"},
           {"http://e.org/a/..", "http://e.org/"},
           {"http://e.org/a/.", "http://e.org/a/"},
           {"http://e.org/a//b/...", "http://e.org/a//b/..."},
           {"http://[::1]/", "http://[::1]/"},
           {"http://[0:0::FFFF:7f00:1]:81/", "http://[::ffff:127.0.0.1]:81/"},
       }) {
    EXPECT_EQ(read(text), expected) << text;
  }
}

TEST(WebAddress, EverySpellingOfAnIpv4AddressIsOne) {
  for (const char* host :
       {"127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7F.0x0.0x0.0x1", "0177.1", "2130706433",
        "017700000001", "0x7f000001", "127.0.0.1.", "00177.0.0.01"}) {
    EXPECT_EQ(read("http://" + std::string(host) + "/"), "http://127.0.0.1/") << host;
  }
  EXPECT_EQ(read("http://0/"), "http://0.0.0.0/");
  for (const char* host : {"1.2.3.4.5", "256.1.1.1", "08.1.1.1", "4294967296", "1.2.3.0x", "a.1",
                           "1..2", "example.0x7f", "example.99"}) {
    EXPECT_EQ(read("http://" + std::string(host) + "/"), "refused") << host;
  }
}

TEST(WebAddress, OtherSchemesAndOddBytesAreRefused) {
  for (const char* text : {"",
                           "/",
                           "example.org",
                           "//example.org/",
                           "http:",
                           "http:/",
                           "http://",
                           "http:///x",
                           "http:example.org",
                           "http:/example.org/",
                           "file:///etc/passwd",
                           "ftp://example.org/",
                           "gopher://example.org/",
                           "data:image/png;base64,AA",
                           "javascript:alert(1)",
                           "blob:http://a/",
                           "httpss://example.org/",
                           " http://example.org/",
                           "http ://example.org/",
                           "http://user@example.org/",
                           "http://user:pass@example.org/",
                           "http://@example.org/",
                           "http://example.org\\@127.0.0.1/",
                           "http://127.0.0.1\\@example.org/",
                           "http:\\\\example.org/",
                           "http://example.org/a\\b",
                           "http://example.org\t/",
                           "http://exa\tmple.org/",
                           "http://example.org/\n",
                           "http://example.org/a\rb",
                           "http://example.org/\x7f",
                           "http://exa mple.org/",
                           "http://ex%61mple.org/",
                           "http://example.org%00/",
                           "http://b\xFC"
                           "cher.example/",
                           "http://example.org:80:80/",
                           "http://example.org:0/",
                           "http://example.org:65536/",
                           "http://example.org:-1/",
                           "http://example.org:8 0/",
                           "http://example.org:http/",
                           "http://.example.org/",
                           "http://example..org/",
                           "http://./",
                           "http://[::1/",
                           "http://::1/",
                           "http://[::1]x/",
                           "http://[::1%25lo]/",
                           "http://[127.0.0.1]/",
                           "http://[]/",
                           "http://exa*mple.org/",
                           "http://exa,mple/",
                           "http://'or'.org/"}) {
    EXPECT_EQ(read(text), "refused") << text;
  }
  EXPECT_EQ(read(std::string("http://example.org/\0x", 21)), "refused");
  EXPECT_EQ(read("http://" + std::string(64, 'a') + ".org/"), "refused");
  EXPECT_NE(read("http://" + std::string(63, 'a') + ".org/"), "refused");
  EXPECT_EQ(read("http://e.org/" + std::string(8 << 10, 'a')), "refused");
}

TEST(WebAddress, JoinsReferences) {
  const auto page = WebAddress::parse("https://example.org:444/a/b/page?q=1/2").value();
  for (const auto& [reference, expected] : std::initializer_list<Case>{
           {"x.jpg", "https://example.org:444/a/b/x.jpg"},
           {"./x.jpg?s=1", "https://example.org:444/a/b/x.jpg?s=1"},
           {"../x.jpg", "https://example.org:444/a/x.jpg"},
           {"../../../x.jpg", "https://example.org:444/x.jpg"},
           {"/x.jpg", "https://example.org:444/x.jpg"},
           {"//other.example/x", "https://other.example/x"},
           {"?q=2", "https://example.org:444/a/b/page?q=2"},
           {"", "https://example.org:444/a/b/page?q=1/2"},
           {"#top", "https://example.org:444/a/b/page?q=1/2"},
           {"http://other.example/", "http://other.example/"},
           {"/redirect?to=http://other.example/",
            "https://example.org:444/redirect?to=http://other.example/"},
           {"file:///etc/passwd", "refused"},
           {"javascript:x", "refused"},
           {"//user@other.example/", "refused"},
           {"/\\other.example/", "refused"},
           {"\\\\other.example/", "refused"},
           {"//169.254.169.254/", "https://169.254.169.254/"},
       }) {
    const auto joined = page.join(reference);
    EXPECT_EQ(joined ? joined->text() : "refused", expected) << reference;
  }
}

// What is printed reads back as itself: the check and the dial cannot see two hosts.
TEST(WebAddress, RandomTextsReadBackAsThemselves) {
  constexpr std::string_view kPieces[] = {
      "http://", "https://", "a",    "Z",   "0",  "127.1", ".",   "..", "/",  "\\",
      "@",       ":",        "#",    "?",   "[",  "]",     "::1", "%",  "2",  "e",
      " ",       "\xC3\xA9", "0x7f", "%2e", "80", "-",     "_",   "\t", "org"};
  Rng rng(testing::seeded(7));
  int read_back = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = rng.coin(0.9) ? "http://a" : "";
    for (uint64_t n = rng.below(9); n > 0; --n) text += kPieces[rng.below(std::size(kPieces))];
    const auto first = WebAddress::parse(text);
    if (!first) continue;
    ++read_back;
    const auto second = WebAddress::parse(first->text());
    ASSERT_TRUE(second.has_value()) << text;
    ASSERT_EQ(second->text(), first->text()) << text;
    ASSERT_EQ(second->host, first->host) << text;
    const auto browsed = WebAddress::parse(url::browser_url(text));
    ASSERT_TRUE(browsed.has_value()) << text;
    ASSERT_EQ(browsed->text(), first->text()) << text;
  }
  EXPECT_GT(read_back, 2'000);
}

}  // namespace
}  // namespace flamingo::crawl
