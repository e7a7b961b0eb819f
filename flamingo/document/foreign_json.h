#pragma once

#include <string>
#include <string_view>

#include "flamingo/core/config.h"

namespace flamingo::document {

/// JSON as Python and pandas write it: beside parse_json's, NaN, Infinity and -Infinity and numbers
/// above the largest double become null, lone surrogates and ill-formed UTF-8 U+FFFD, and a byte
/// order mark in front is left out. Throws Error as parse_json does.
Json parse_foreign_json(std::string_view text, std::string_view where);

/// `text` without a byte order mark of UTF-8 in front.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace flamingo::document
