#pragma once

#include <string>
#include <string_view>

namespace flamingo::html {

/// A page in which each run of white space with a line end in it is one line end, which no reader
/// sees: indentation is up to half of a page, and a parser is slow on it. Runs between <pre>,
/// <textarea>, <listing>, <xmp> or <plaintext> and the end of that element stay.
std::string squeeze_indentation(std::string_view html);

}  // namespace flamingo::html
