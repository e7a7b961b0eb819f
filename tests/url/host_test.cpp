#include "flamingo/url/host.h"

#include <gtest/gtest.h>

#include "flamingo/core/rng.h"

namespace flamingo::url {
namespace {

std::string host(std::string_view text) { return parse_host(text).value_or("refused"); }

TEST(Host, NamesInUnicodeBecomePunycode) {
  EXPECT_EQ(host("Example.COM"), "example.com");
  EXPECT_EQ(host("B\xC3\x9C"
                 "CHER.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(host("bu\xCC\x88"
                 "cher.example"),
            "xn--bcher-kva.example")
      << "composed";
  EXPECT_EQ(host("b%c3%bc"
                 "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(host("fa\xC3\x9F.de"), "xn--fa-hia.de") << "not fass.de";
  EXPECT_EQ(host("\xEF\xBC\xA1.com"), "a.com");
  EXPECT_EQ(host("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xE3\x80\x82jp"), "xn--wgv71a119e.jp");
  // what IDNA 2008 has no place for and browsers read
  EXPECT_EQ(host("\xF0\x9F\x92\xA9.la"), "xn--ls8h.la");
  EXPECT_EQ(host("r3---sn.b\xC3\xBC"
                 "cher.com"),
            "r3---sn.xn--bcher-kva.com");
  EXPECT_EQ(host("-\xC3\xBC-.de"), "xn-----xka.de");
}

TEST(Host, Addresses) {
  EXPECT_EQ(host("0x7F.1"), "127.0.0.1");
  EXPECT_EQ(host("\xEF\xBC\x91.2.3.4"), "1.2.3.4");
  EXPECT_EQ(host("1.2.3.4."), "1.2.3.4");
  EXPECT_EQ(host("[2001:DB8:0:0:0:0:0:1]"), "[2001:db8::1]");
  EXPECT_EQ(host("[::1.2.3.4]"), "[::102:304]");
}

TEST(Host, RefusesWhatBrowsersRefuse) {
  for (const char* text : {"", "a b", "a%20b", "a<b", "a%", "a%2", "1.2.3.4.5", "256.0.0.1", "a.09",
                           "[::1", "[1.2.3.4]", "[]", "a^b", "a|b", "\xC3", "%00"})
    EXPECT_EQ(host(text), "refused") << text;
  EXPECT_EQ(host("\xC3\xBC" + std::string(2000, 'a')), "refused");
}

TEST(Host, AnyBytesGiveAHostThatStays) {
  Rng rng(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t size = rng.below(12); size > 0; --size)
      text += static_cast<char>(rng.below(3) == 0 ? 'a' + rng.below(26) : rng.below(256));
    const auto once = parse_host(text);
    if (once) {
      EXPECT_EQ(parse_host(*once), once) << text;
    }
  }
}

}  // namespace
}  // namespace flamingo::url
