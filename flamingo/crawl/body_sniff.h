#pragma once

#include <string_view>

namespace flamingo::crawl {

/// Whether a browser takes a body without Content-Type for HTML: it begins with a tag or a comment
/// that pages begin with, after white space, a byte order mark, an XML declaration or comments.
/// Source: mimesniff.spec.whatwg.org, 7.1 (which knows neither of the latter three).
bool begins_html(std::string_view body);

/// Whether a body is surely not compressed: a picture of a known format, UTF-16, or text, of which
/// the beginning has no byte that mimesniff.spec.whatwg.org, 3 calls binary (well-formed UTF-8
/// where there are too few bytes to tell by that alone).
bool is_uncompressed(std::string_view body);

}  // namespace flamingo::crawl
