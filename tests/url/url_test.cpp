#include "flamingo/url/url.h"

#include <gtest/gtest.h>

namespace flamingo::url {
namespace {

constexpr const char* kBase = "http://a/b/c/d;p?q";

struct Example {
  const char* reference;
  const char* result;
};

// RFC 3986, sections 5.4.1 and 5.4.2, with the lenient reading of "http:g".
constexpr Example kRfcExamples[] = {
    {"g", "http://a/b/c/g"},
    {"./g", "http://a/b/c/g"},
    {"g/", "http://a/b/c/g/"},
    {"/g", "http://a/g"},
    {"//g", "http://g/"},
    {"?y", "http://a/b/c/d;p?y"},
    {"g?y", "http://a/b/c/g?y"},
    {"#s", "http://a/b/c/d;p?q#s"},
    {"g#s", "http://a/b/c/g#s"},
    {"g?y#s", "http://a/b/c/g?y#s"},
    {";x", "http://a/b/c/;x"},
    {"g;x", "http://a/b/c/g;x"},
    {"g;x?y#s", "http://a/b/c/g;x?y#s"},
    {"", "http://a/b/c/d;p?q"},
    {".", "http://a/b/c/"},
    {"./", "http://a/b/c/"},
    {"..", "http://a/b/"},
    {"../", "http://a/b/"},
    {"../g", "http://a/b/g"},
    {"../..", "http://a/"},
    {"../../", "http://a/"},
    {"../../g", "http://a/g"},
    {"../../../g", "http://a/g"},
    {"../../../../g", "http://a/g"},
    {"/./g", "http://a/g"},
    {"/../g", "http://a/g"},
    {"g.", "http://a/b/c/g."},
    {".g", "http://a/b/c/.g"},
    {"g..", "http://a/b/c/g.."},
    {"..g", "http://a/b/c/..g"},
    {"./../g", "http://a/b/g"},
    {"./g/.", "http://a/b/c/g/"},
    {"g/./h", "http://a/b/c/g/h"},
    {"g/../h", "http://a/b/c/h"},
    {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
    {"g;x=1/../y", "http://a/b/c/y"},
    {"g?y/./x", "http://a/b/c/g?y/./x"},
    {"g?y/../x", "http://a/b/c/g?y/../x"},
    {"g#s/./x", "http://a/b/c/g#s/./x"},
    {"g#s/../x", "http://a/b/c/g#s/../x"},
    {"http:g", "http://a/b/c/g"},
};

TEST(Url, ResolvesTheExamplesOfTheRfc) {
  for (const Example& example : kRfcExamples) {
    EXPECT_EQ(resolve_url(kBase, example.reference), example.result) << example.reference;
  }
}

TEST(Url, MergesWithAnEmptyPathOfTheBase) {
  EXPECT_EQ(resolve_url("http://a", "g"), "http://a/g");
  EXPECT_EQ(resolve_url("http://a?q", "g"), "http://a/g");
  EXPECT_EQ(resolve_url("file:///d/page.html", "i/x.png"), "file:///d/i/x.png");
  EXPECT_EQ(resolve_url("file://host/d/page.html", "///x.png"), "file:///x.png");
}

TEST(Url, ReadsReferencesAsBrowsersDo) {
  EXPECT_EQ(resolve_url(kBase, "  g \n"), "http://a/b/c/g");
  EXPECT_EQ(resolve_url(kBase, "im\n\tg.png"), "http://a/b/c/img.png");
  EXPECT_EQ(resolve_url(kBase, "..\\g?a\\b"), "http://a/b/g?a\\b");
  EXPECT_EQ(resolve_url(kBase, "HTTPS://X/y"), "https://x/y");
  EXPECT_EQ(resolve_url(kBase, "http:///x"), "http://x/");
  EXPECT_EQ(resolve_url(kBase, "\\\\x\\y"), "http://x/y");
  EXPECT_EQ(resolve_url(kBase, "https:x"), "https://x/");
  EXPECT_EQ(resolve_url(kBase, "Data:image/gif;base64,R0 lGOD"), "Data:image/gif;base64,R0 lGOD");
}

TEST(Url, SpellsAddressesAsBrowsersDo) {
  const Example examples[] = {
      {"http://B\xC3\x9C"
       "cher.example/\xC3\xA9 x|y",
       "http://xn--bcher-kva.example/%C3%A9%20x|y"},
      {"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/"},
      {"http://stra\xC3\x9F"
       "e.de/",
       "http://xn--strae-oqa.de/"},
      {"http://\xEF\xBC\xA1\xE3\x80\x82"
       "com/",
       "http://a.com/"},
      {"http://\xE2\x98\x83.net/", "http://xn--n3h.net/"},
      {"http://i\xE2\x9D\xA4.ws/", "http://xn--i-7iq.ws/"},
      {"http://ab--c\xC3\xBC.de/", "http://xn--ab--c-ova.de/"},
      {"http://0x7f.1/", "http://127.0.0.1/"},
      {"http://[0:0:0:0:0:0:7f00:1]:81/", "http://[::7f00:1]:81/"},
      {"http://h/it's?it's#it's", "http://h/it's?it%27s#it's"},
      {"http://h/a^b`{c}?a^b`{c}", "http://h/a%5Eb%60%7Bc%7D?a^b`{c}"},
      {"http://u:p@h:080/%7e", "http://u:p@h/%7e"},
      {"http://h/a/%2E%2e/b", "http://h/b"},
  };
  for (const Example& example : examples) {
    EXPECT_EQ(resolve_url("", example.reference), example.result) << example.reference;
    EXPECT_EQ(browser_url(example.result), example.result);
  }
  EXPECT_EQ(browser_url("dns:example.org"), "dns:example.org");
}

TEST(Url, RefusesWhatIsNoPicture) {
  for (const char* reference :
       {"javascript:alert(1)", "mailto:a@b", "ftp://a/b", "about:blank", "g:h", "http://",
        "blob:http://a/b", "gopher://a", "http://a b/", "http://h:99999/", "http://h:x/",
        "http://[::1/", "http://1.2.3.256/", "http://a.1/", "http://a%00b/", "http://\xFF.com/"}) {
    EXPECT_FALSE(resolve_url(kBase, reference)) << reference;
  }
  EXPECT_FALSE(resolve_url("", "g"));
  EXPECT_FALSE(resolve_url("page.html", "g"));
  EXPECT_FALSE(resolve_url(kBase, std::string(100, 'g'), 100));
  EXPECT_FALSE(resolve_url(kBase, "g" + std::string(60, '"'), 100)) << "encoded it is longer";
  EXPECT_FALSE(resolve_url(kBase, "data:" + std::string(100, 'g'), 100));
}

TEST(Url, NormalisesToOneForm) {
  const Example examples[] = {
      {"HTTP://User@EXAMPLE.com:80/a/../B?Q#f", "http://User@example.com/B?Q"},
      {"https://example.com:443", "https://example.com/"},
      {"https://example.com:80/", "https://example.com:80/"},
      {"http://example.com:/", "http://example.com/"},
      {"http://[::1]:80/", "http://[::1]/"},
      {"http://h/%7euser/%2fx%2F%e9", "http://h/~user/%2Fx%2F%E9"},
      {"http://h/\xc3\xa9 \"x\"", "http://h/%C3%A9%20%22x%22"},
      {"http://h/100%", "http://h/100%"},
      {"http://h/%4", "http://h/%4"},
      {"http://h/%%41", "http://h/%A"},
      {"http://h/a/%2e%2e/b", "http://h/b"},
      {"http://h?", "http://h/?"},
      {"http://h/a%7cb?x[1]=%27y'", "http://h/a%7Cb?x%5B1%5D='y'"},
      {"http://h/%E3%81%82?%e3%81%82", "http://h/%E3%81%82?%E3%81%82"},
      {"file:///A/./b", "file:///A/b"},
      {"data:image/png;base64,AA#x", "data:image/png;base64,AA#x"},
  };
  for (const Example& example : examples) {
    EXPECT_EQ(normalise_url(example.reference), example.result);
    if (example.reference != std::string_view("http://h/%%41")) {
      EXPECT_EQ(normalise_url(example.result), example.result);
    }
  }
}

TEST(Url, TakesAnAddressApart) {
  const Url url = Url::parse("HTTP://me:pw@Example.org:8080/a/./b?c#d").value();
  EXPECT_EQ(url.scheme, "http");
  EXPECT_EQ(url.user, "me:pw");
  EXPECT_EQ(url.host, "example.org");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.path, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(url.target(), "/a/b?c");
  EXPECT_EQ(url.fragment, "d");
  const Url next = Url::parse("../x", &url).value();
  EXPECT_EQ(next.text(), "http://me:pw@example.org:8080/x");
  EXPECT_FALSE(Url::parse("https://h:443/").value().port);
  EXPECT_FALSE(Url::parse("../x"));
}

TEST(Url, SplitsAnAuthority) {
  const Authority whole = split_authority("a@b@[::1]:80");
  EXPECT_EQ(whole.user, "a@b");
  EXPECT_EQ(whole.host, "[::1]");
  EXPECT_EQ(whole.port, "80");
  EXPECT_FALSE(split_authority("h").user);
  EXPECT_EQ(split_authority("[::1").host, "[::1");
}

TEST(Url, SplitsAbsentFromEmpty) {
  const UrlParts parts = split_url("x://?#");
  EXPECT_EQ(parts.scheme, "x");
  EXPECT_EQ(parts.authority, "");
  EXPECT_EQ(parts.path, "");
  EXPECT_EQ(parts.query, "");
  EXPECT_EQ(parts.fragment, "");
  EXPECT_FALSE(split_url("a/b:c").scheme);
  EXPECT_FALSE(split_url("1a:b").scheme);
  EXPECT_FALSE(split_url("x:").authority);
}

}  // namespace
}  // namespace flamingo::url
