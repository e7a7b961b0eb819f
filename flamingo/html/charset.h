#pragma once

#include <string>
#include <string_view>

namespace flamingo::html {

/// The name by which iconv knows a charset label of a page, or an empty string for an unknown one.
/// Labels mean what browsers take them for ("latin1" and "ascii" are windows-1252). Source: WHATWG
/// Encoding, section 4.2.
std::string_view iconv_name(std::string_view label);

/// What the bytes of a page are to be read as.
struct PageEncoding {
  std::string_view iconv;  ///< a name of iconv_name()
  size_t mark = 0;         ///< bytes of the byte order mark
};

/// The encoding of a page: that of its byte order mark, else http_charset (empty: not given), else
/// what the page declares (declared_encoding), else windows-1252. Where that is windows-1252 or
/// ISO-8859-15, which servers and editors claim unasked, and the bytes are well-formed UTF-8, it is
/// UTF-8: beyond ASCII, text of those encodings is not that by accident.
PageEncoding find_encoding(std::string_view bytes, std::string_view http_charset);

/// A page as well-formed UTF-8 without byte order mark, at most 3 bytes for each of `bytes`, read
/// in the encoding that find_encoding() finds. What the encoding does not define becomes U+FFFD;
/// control characters other than white space are left out.
std::string decode_page(std::string_view bytes, std::string_view http_charset);

}  // namespace flamingo::html
