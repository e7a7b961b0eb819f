#pragma once

#include <string_view>

namespace flamingo::html {

/// The encoding that a page without byte order mark declares in itself, by the name iconv knows;
/// empty when it names none that is known. In this order: a <meta> in the first 1,024 bytes, a
/// <meta> after them, the XML declaration.
///
/// Source: HTML, section 13.2.3.2 ("prescan a byte stream"), and for a <meta> after the first
/// 1,024 bytes 13.2.6.4.4 ("change the encoding"): there scripts, styles and other text that is no
/// markup do not count. Time is linear in the bytes.
std::string_view declared_encoding(std::string_view bytes);

/// The label after "charset=" in the value of a Content-Type ("text/html; charset=koi8-r"), as it
/// is written there; empty when none is named. Source: HTML, section 2.3.5.
std::string_view charset_of_content_type(std::string_view content_type);

}  // namespace flamingo::html
