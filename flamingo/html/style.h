#pragma once

#include <string_view>

namespace flamingo::html {

/// Whether the declarations of a style attribute hide its element: display: none, visibility:
/// hidden or collapse, content-visibility: hidden. Of two declarations of a property the last one
/// counts, one that is !important before others. Source: CSS Syntax 3, 5.5.5; CSS Cascade 4, 6.1.
bool style_hides(std::string_view style);

}  // namespace flamingo::html
