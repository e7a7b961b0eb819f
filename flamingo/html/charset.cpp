#include "flamingo/html/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/html/html_space.h"
#include "flamingo/html/prescan.h"
#include "flamingo/text/unicode.h"

namespace flamingo::html {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::string_view kFallback = "WINDOWS-1252";

/// An encoding by its iconv name and the labels for it, between blanks.
struct Encoding {
  std::string_view iconv;
  std::string_view labels;
};

/// WHATWG Encoding, section 4.2, without the labels that mean "do not decode".
constexpr Encoding kEncodings[] = {
    {"UTF-8", " unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8 "},
    {"WINDOWS-1252",
     " ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
     "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252 "},
    {"IBM866", " 866 cp866 csibm866 ibm866 "},
    {"ISO-8859-2",
     " csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2 "},
    {"ISO-8859-3",
     " csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3 "},
    {"ISO-8859-4",
     " csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4 "},
    {"ISO-8859-5",
     " csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 "
     "iso_8859-5:1988 "},
    {"ISO-8859-6",
     " arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e "
     "iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 "},
    {"ISO-8859-7",
     " csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 "
     "iso_8859-7 iso_8859-7:1987 sun_eu_greek "},
    {"ISO-8859-8",
     " csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i "
     "iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual "},
    {"ISO-8859-10", " csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6 "},
    {"ISO-8859-13", " iso-8859-13 iso8859-13 iso885913 "},
    {"ISO-8859-14", " iso-8859-14 iso8859-14 iso885914 "},
    {"ISO-8859-15", " csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin9 "},
    {"ISO-8859-16", " iso-8859-16 "},
    {"KOI8-R", " cskoi8r koi koi8 koi8-r koi8_r "},
    {"KOI8-U", " koi8-ru koi8-u "},
    {"MACINTOSH", " csmacintosh mac macintosh x-mac-roman "},
    {"CP874", " dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 "},
    {"WINDOWS-1250", " cp1250 windows-1250 x-cp1250 "},
    {"WINDOWS-1251", " cp1251 windows-1251 x-cp1251 "},
    {"WINDOWS-1253", " cp1253 windows-1253 x-cp1253 "},
    {"WINDOWS-1254",
     " cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 "
     "latin5 windows-1254 x-cp1254 "},
    {"WINDOWS-1255", " cp1255 windows-1255 x-cp1255 "},
    {"WINDOWS-1256", " cp1256 windows-1256 x-cp1256 "},
    {"WINDOWS-1257", " cp1257 windows-1257 x-cp1257 "},
    {"WINDOWS-1258", " cp1258 windows-1258 x-cp1258 "},
    {"MAC-CYRILLIC", " x-mac-cyrillic x-mac-ukrainian "},
    {"GB18030",
     " chinese csgb2312 csiso58gb231280 gb18030 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk "},
    {"BIG5-HKSCS", " big5 big5-hkscs cn-big5 csbig5 x-x-big5 "},
    {"EUC-JP", " cseucpkdfmtjapanese euc-jp x-euc-jp "},
    {"ISO-2022-JP", " csiso2022jp iso-2022-jp "},
    {"CP932", " csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis "},
    {"UHC",
     " cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
     "ksc_5601 windows-949 "},
    {"UTF-16BE", " unicodefffe utf-16be "},
    {"UTF-16LE", " csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le "},
};

struct IconvDeleter {
  iconv_t descriptor;
  ~IconvDeleter() { iconv_close(descriptor); }
};

std::string convert(std::string_view bytes, std::string_view from) {
  const iconv_t descriptor = iconv_open("UTF-8", std::string(from).c_str());
  require(descriptor != reinterpret_cast<iconv_t>(-1), "decode_page",
          "expected a charset that iconv converts, got {}", from,
          Hint{"the charset modules of the C library are not installed"});
  const IconvDeleter close_at_end{descriptor};
  std::string text;
  std::array<char, 4096> block{};
  char* in = const_cast<char*>(bytes.data());  // iconv reads through a pointer to non-const
  size_t in_left = bytes.size();
  while (in_left > 0) {
    char* out = block.data();
    size_t out_left = block.size();
    const size_t result = iconv(descriptor, &in, &in_left, &out, &out_left);
    const int error = result == static_cast<size_t>(-1) ? errno : 0;
    text.append(block.data(), block.size() - out_left);
    if (error == 0 || error == E2BIG) continue;
    text += kReplacement;
    if (error == EINVAL) break;  // the last character is cut off
    const size_t skipped = from.starts_with("UTF-16") ? std::min<size_t>(2, in_left) : 1;
    in += skipped;
    in_left -= skipped;
  }
  return text;
}

/// The encoding that a byte order mark gives; mark 0 where there is none.
PageEncoding byte_order_mark(std::string_view bytes) {
  if (bytes.starts_with("\xef\xbb\xbf")) return {"UTF-8", 3};
  if (bytes.starts_with("\xfe\xff")) return {"UTF-16BE", 2};
  if (bytes.starts_with("\xff\xfe")) return {"UTF-16LE", 2};
  return {{}, 0};
}

/// Characters below the space that do not count as white space, and delete.
bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && !is_html_space(c)) || c == 0x7f;
}

/// Whether an encoding is what pages are said to be in that nobody looked at: Latin-1 as browsers
/// take it, and Latin-9.
bool is_western_default(std::string_view encoding) {
  return encoding == kFallback || encoding == "ISO-8859-15";
}

}  // namespace

std::string_view iconv_name(std::string_view label) {
  label = trim_html_space(label);
  if (label.empty() || label.find(' ') != std::string_view::npos) return {};
  const std::string wanted = " " + ascii_lower(label) + " ";
  for (const Encoding& encoding : kEncodings) {
    if (encoding.labels.find(wanted) != std::string_view::npos) return encoding.iconv;
  }
  return {};
}

PageEncoding find_encoding(std::string_view bytes, std::string_view http_charset) {
  const auto [marked, mark] = byte_order_mark(bytes);
  if (mark > 0) return {marked, mark};
  std::string_view encoding = iconv_name(http_charset);
  if (encoding.empty()) encoding = declared_encoding(bytes);
  if (encoding.empty()) encoding = kFallback;
  if (is_western_default(encoding) && text::repair_utf8(bytes) == bytes) encoding = "UTF-8";
  return {encoding, 0};
}

std::string decode_page(std::string_view bytes, std::string_view http_charset) {
  const auto [encoding, mark] = find_encoding(bytes, http_charset);
  bytes.remove_prefix(mark);
  std::string text = text::repair_utf8(encoding == "UTF-8" ? bytes : convert(bytes, encoding));
  if (std::ranges::any_of(text, is_control)) std::erase_if(text, is_control);
  return text;
}

}  // namespace flamingo::html
