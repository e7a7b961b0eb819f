#include "flamingo/html/charset.h"

#include <gtest/gtest.h>

namespace flamingo::html {
namespace {

using namespace std::string_literals;

constexpr const char* kReplacement = "\xef\xbf\xbd";

TEST(Charset, ByteOrderMarkWinsOverTheHeader) {
  EXPECT_EQ(decode_page("\xef\xbb\xbf\xc3\xa9", "windows-1252"), "\xc3\xa9");
  EXPECT_EQ(decode_page("\xff\xfe\xe9\0a\0"s, "utf-8"),
            "\xc3\xa9"
            "a");
  EXPECT_EQ(decode_page("\xfe\xff\0\xe9\0a"s, ""),
            "\xc3\xa9"
            "a");
}

TEST(Charset, HeaderWinsOverMeta) {
  const std::string page = "<meta charset=windows-1251>\xe9";
  EXPECT_EQ(decode_page(page, "latin1"), "<meta charset=windows-1251>\xc3\xa9");
  EXPECT_EQ(decode_page(page, ""), "<meta charset=windows-1251>\xd0\xb9");
  EXPECT_EQ(decode_page(page, "no-such-charset"), "<meta charset=windows-1251>\xd0\xb9");
}

TEST(Charset, MetaInItsSpellings) {
  for (const std::string meta : {
           "<meta charset=koi8-r>",
           "<META\nCharset = 'KOI8-R' >",
           "<meta http-equiv=content-type content=\"text/html; charset=koi8-r\">",
           "<meta http-equiv='Content-Type' content='text/html;charset=koi8-r;x'>",
           "<!-- <meta charset=utf-8> --><meta charset=koi8-r>",
           "<meta name=viewport content=width><meta charset=koi8-r>",
       }) {
    EXPECT_EQ(decode_page(meta + "\xc1", ""), meta + "\xd0\xb0") << meta;
  }
}

TEST(Charset, MetaCountsWhereverItStands) {
  const std::string meta = "<meta charset=koi8-r>";
  for (const size_t before : {0, 1003, 1004, 1024, 4096, 100'000}) {
    EXPECT_TRUE(decode_page(std::string(before, ' ') + meta + "\xc1", "").ends_with("\xd0\xb0"));
  }
}

TEST(Charset, Utf8UnderAClaimOfLatin1) {
  const std::string utf8 = "caf\xc3\xa9 \xe2\x80\x93";
  for (const char* label : {"iso-8859-1", "windows-1252", "us-ascii", "ISO-8859-15"}) {
    EXPECT_EQ(decode_page(utf8, label), utf8) << label;
    const std::string meta = "<meta charset=" + std::string(label) + ">";
    EXPECT_EQ(decode_page(meta + utf8, ""), meta + utf8) << label;
  }
  // One byte that UTF-8 has not, and the claim is right.
  EXPECT_EQ(decode_page("\xc3\xa9 \xe9", "iso-8859-1"), "\xc3\x83\xc2\xa9 \xc3\xa9");
  // Who names another encoding looked at the page.
  EXPECT_EQ(decode_page("\xc3\xa9", "iso-8859-2"), "\xc4\x82\xc5\xa0");
}

TEST(Charset, TheHeaderIsFoundWrongByItsLabelAlone) {
  const std::string page = "<meta charset=windows-1251>\xe9";
  EXPECT_EQ(find_encoding(page, "bogus").iconv, "WINDOWS-1251");
  EXPECT_EQ(find_encoding(page, "koi8-r").iconv, "KOI8-R");
  EXPECT_EQ(find_encoding("\xff\xfe" + page, "koi8-r").iconv, "UTF-16LE");
  EXPECT_EQ(find_encoding("\xff\xfe" + page, "koi8-r").mark, 2u);
}

TEST(Charset, WithoutAnyNameByContent) {
  EXPECT_EQ(decode_page("caf\xc3\xa9", ""), "caf\xc3\xa9");
  EXPECT_EQ(decode_page("caf\xe9 \x80", ""), "caf\xc3\xa9 \xe2\x82\xac");
}

TEST(Charset, MetaInAsciiCannotMeanUtf16) {
  EXPECT_EQ(decode_page("<meta charset=utf-16>\xc3\xa9", ""), "<meta charset=utf-16>\xc3\xa9");
}

TEST(Charset, LabelsMeanWhatBrowsersTakeThemFor) {
  EXPECT_EQ(iconv_name(" Latin1 "), "WINDOWS-1252");
  EXPECT_EQ(iconv_name("us-ascii"), "WINDOWS-1252");
  EXPECT_EQ(iconv_name("ISO-8859-1"), "WINDOWS-1252");
  EXPECT_EQ(iconv_name("iso-8859-9"), "WINDOWS-1254");
  EXPECT_EQ(iconv_name("gb2312"), "GB18030");
  EXPECT_EQ(iconv_name("ks_c_5601-1987"), "UHC");
  EXPECT_EQ(iconv_name("utf8"), "UTF-8");
  EXPECT_EQ(iconv_name("latin1 l1"), "");
  EXPECT_EQ(iconv_name(""), "");
  EXPECT_EQ(iconv_name("8859"), "");
}

TEST(Charset, MultibyteCharsets) {
  EXPECT_EQ(decode_page("\x93\xfa\x96\x7b", "shift_jis"), "\xe6\x97\xa5\xe6\x9c\xac");
  EXPECT_EQ(decode_page("\xc6\xfc\xcb\xdc", "euc-jp"), "\xe6\x97\xa5\xe6\x9c\xac");
  EXPECT_EQ(decode_page("\xc8\xd5\xb1\xbe", "gbk"), "\xe6\x97\xa5\xe6\x9c\xac");
  EXPECT_EQ(decode_page("\xa4\xe9\xa5\xbb", "big5"), "\xe6\x97\xa5\xe6\x9c\xac");
  EXPECT_EQ(decode_page("\xc7\xd1\xb1\xdb", "euc-kr"), "\xed\x95\x9c\xea\xb8\x80");
}

TEST(Charset, DamageBecomesReplacementCharacters) {
  EXPECT_EQ(decode_page("a\xff"
                        "b",
                        "utf-8"),
            "a"s + kReplacement + "b");
  EXPECT_EQ(decode_page("a\x93", "shift_jis"), "a"s + kReplacement);
  EXPECT_EQ(decode_page("a\x81z", "windows-1252"), "a"s + kReplacement + "z");
  EXPECT_EQ(decode_page("\xff\xfe\x00\xd8"s + "a\0"s, ""), kReplacement + "a"s);
  EXPECT_EQ(decode_page("\xff\xfe\x61"s, ""), kReplacement);
  EXPECT_EQ(decode_page("", ""), "");
}

TEST(Charset, ControlsAreLeftOut) {
  EXPECT_EQ(decode_page("a\0\x01\x0b\x1f\x7f\t\r\n\fb"s, ""), "a\t\r\n\fb");
}

}  // namespace
}  // namespace flamingo::html
