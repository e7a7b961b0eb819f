#pragma once

#include "flamingo/html/tree.h"

namespace flamingo::html {

/// How an element is among the lines of its page.
enum class Layout { kInline, kLine, kParagraph };

/// How an element is laid out, by its tag and where it is.
Layout layout_of(const GumboNode* element);

/// Whether white space in the element's own text shows.
bool is_preformatted(const GumboNode* element);

}  // namespace flamingo::html
