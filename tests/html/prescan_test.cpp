#include "flamingo/html/prescan.h"

#include <gtest/gtest.h>

#include <string>

namespace flamingo::html {
namespace {

using namespace std::string_literals;

constexpr const char* kCyrillic = "WINDOWS-1251";

void expect_cyrillic(const std::string& page) {
  EXPECT_EQ(declared_encoding(page), kCyrillic) << page;
}
void expect_none(const std::string& page) { EXPECT_EQ(declared_encoding(page), "") << page; }

/// A page whose <meta> stands behind what the standard's prescan reads.
std::string late(const std::string& page) { return "<!--" + std::string(2000, '-') + "-->" + page; }

TEST(Prescan, CharsetAttributesInTheirSpellings) {
  for (const std::string page :
       {"<meta charset=windows-1251>", "<meta charset = ' windows-1251\n'/>",
        "<META/CHARSET=Windows-1251>", "<meta\fname='a'/charset=cp1251 b>",
        "<meta charset=windows-1251 charset=koi8-r>", "<meta title='>' charset=cp1251>",
        "<meta \" charset=cp1251>", "<meta <meta charset=cp1251>", "<p><meta charset=cp1251>",
        "</x y='>'><meta charset=cp1251>", "<!doctype x><?y z?><meta charset=cp1251>",
        "<!--><meta charset=cp1251>", "<a b='<!--'><meta charset=cp1251>"}) {
    expect_cyrillic(page);
    expect_cyrillic(late(page));
  }
}

TEST(Prescan, PragmasInTheirSpellings) {
  for (const std::string page :
       {"<meta http-equiv=content-type content='text/html; charset=windows-1251'>",
        "<meta content='x;charset = \"cp1251\"' HTTP-EQUIV='Content-Type'>",
        "<meta http-equiv=content-type content=charset=cp1251;x>",
        "<meta http-equiv=content-type content='charset; charset=cp1251'>",
        "<meta http-equiv=content-type content=text/html charset=cp1251>"}) {
    expect_cyrillic(page);
    expect_cyrillic(late(page));
  }
}

TEST(Prescan, OnlyRealDeclarationsCount) {
  for (const std::string page : {"charset=windows-1251",
                                 "<metacharset=windows-1251>",
                                 "<meta charset=windows-1251",
                                 "<meta charset='windows-1251>",
                                 "<meta name=description content='charset=windows-1251'>",
                                 "<meta content='text/html; charset=windows-1251'>",
                                 "<meta content='a' title='charset=cp1251'>",
                                 "<meta http-equiv=refresh content='0; charset=windows-1251'>",
                                 "<meta http-equiv='content-type ' content='charset=windows-1251'>",
                                 "<meta http-equiv=content-type content='charset windows-1251'>",
                                 "<meta http-equiv=content-type content='charset=\"windows-1251'>",
                                 "<meta http-equiv=content-type content='text/html'>",
                                 "<meta data-charset=windows-1251>",
                                 "<!-- <meta charset=windows-1251> -->",
                                 "<a title='<meta charset=windows-1251>'>",
                                 "<a title=\"<meta charset=windows-1251>",
                                 "<meta charset=bogus>",
                                 "<meta charset>",
                                 "<meta",
                                 "<",
                                 "<!",
                                 "<!--",
                                 "</"}) {
    expect_none(page);
    expect_none(late(page));
  }
}

TEST(Prescan, AnUnknownLabelBeforeAKnownOne) {
  expect_cyrillic("<meta charset=bogus><meta charset=windows-1251>");
  expect_cyrillic("<meta charset=bogus http-equiv=content-type content='charset=cp1251'>");
  expect_cyrillic("<meta http-equiv=content-type content='charset=x'><meta charset=cp1251>");
  expect_cyrillic("<meta charset=windows-1251><meta charset=koi8-r>");
}

TEST(Prescan, MarkupInTextIsOnlyFoundEarly) {
  for (const char* name : {"script", "style", "title", "textarea", "xmp", "iframe"}) {
    const std::string text = "<" + std::string(name) + "><meta charset=koi8-r></" + name + ">";
    EXPECT_EQ(declared_encoding(text), "KOI8-R") << name;
    expect_none(late(text));
    expect_cyrillic(late(text + "<meta charset=cp1251>"));
  }
  expect_none(late("<plaintext><meta charset=cp1251>"));
  expect_none(late("<script><meta charset=cp1251>"));
  expect_cyrillic(late("<noscript><meta charset=cp1251></noscript>"));
}

TEST(Prescan, NoAsciiMeansUtf16OrAPrivateEncoding) {
  EXPECT_EQ(declared_encoding("<meta charset=utf-16le>"), "UTF-8");
  EXPECT_EQ(declared_encoding("<meta charset=utf-16>"), "UTF-8");
  EXPECT_EQ(declared_encoding("<meta charset=x-user-defined>"), "WINDOWS-1252");
}

TEST(Prescan, XmlDeclarationsCountBehindMeta) {
  expect_cyrillic("<?xml version='1.0' encoding='windows-1251'?><p>");
  expect_cyrillic("<?xml encoding = \"cp1251\" ?>");
  expect_cyrillic("<?xml encoding='koi8-r'?><meta charset=cp1251>");
  expect_cyrillic("<?xml encoding='koi8-r'?>" + late("<meta charset=cp1251>"));
  EXPECT_EQ(declared_encoding("<?xml encoding='utf-16'?>"), "UTF-8");
  for (const std::string page :
       {" <?xml encoding='cp1251'?>", "<?xml encoding='cp1251'", "<?xml encoding='cp1251?>",
        "<?xml encoding=cp1251?>", "<?xml encoding 'cp1251'?>", "<?xml encoding='cp 1251'?>",
        "<?xml encoding", "<?xml version='1.0'?>", "<?XML encoding='cp1251'?>"}) {
    expect_none(page);
  }
  EXPECT_EQ(declared_encoding("<\0?\0x\0m\0l\0"s), "UTF-16LE");
  EXPECT_EQ(declared_encoding("\0<\0?\0x\0m\0l"s), "UTF-16BE");
}

TEST(Prescan, OfContentType) {
  EXPECT_EQ(charset_of_content_type("text/html; charset=ISO-8859-1"), "ISO-8859-1");
  EXPECT_EQ(charset_of_content_type("text/html;Charset=\"utf-8\"; x=y"), "utf-8");
  EXPECT_EQ(charset_of_content_type("text/html; charset=utf-8;x"), "utf-8");
  EXPECT_EQ(charset_of_content_type("text/html"), "");
  EXPECT_EQ(charset_of_content_type("text/html; charset"), "");
}

}  // namespace
}  // namespace flamingo::html
