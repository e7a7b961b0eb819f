#pragma once

#include <string>
#include <string_view>

namespace flamingo {

/// The charset named by a Content-Type value ("text/html; charset=ISO-8859-1"), as it is written
/// there; empty when none is named.
std::string_view charset_of_content_type(std::string_view content_type);

/// The name by which iconv knows a charset label of a page, or an empty string for an unknown one.
/// Labels mean what browsers take them for ("latin1" and "ascii" are windows-1252). Source: WHATWG
/// Encoding, section 4.2.
std::string_view iconv_name(std::string_view label);

/// A page as well-formed UTF-8 without byte order mark, at most 3 bytes for each of `bytes`. Its
/// charset is that of the byte order mark, else http_charset (empty: not given), else that of a
/// <meta> in the first 1,024 bytes, else UTF-8 if the bytes are that, else windows-1252. What the
/// charset does not define becomes U+FFFD; control characters other than white space are left out.
std::string decode_page(std::string_view bytes, std::string_view http_charset);

}  // namespace flamingo
