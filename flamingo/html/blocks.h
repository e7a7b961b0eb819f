#pragma once

#include <cstdint>
#include <string>

#include "flamingo/html/tree.h"

namespace flamingo::html {

/// Whether a reader never sees the element's children as text: script, style, svg, iframe, ...
bool is_never_content(const GumboNode* element);

/// Elements that a name can make a menu; words inside a sentence are none.
bool is_block(GumboTag tag);

/// h1 to h6.
bool is_heading(GumboTag tag);

/// h1 to h6, or an element that its role makes one.
bool is_heading_element(const GumboNode* element);

/// Buttons, fields and selections.
bool is_form_control(GumboTag tag);

/// A control that is the line above the text it opens, as in an accordion: a button that is all
/// of a heading, has one in it, or is part of an accordion by its class or that of the element it
/// is first in.
bool is_heading_button(const GumboNode* element);

/// A text that is shown over another one when that is pointed at, rather than the other one: that
/// is a link, has a title or holds the tip.
bool is_tool_tip(const GumboNode* element);

/// Elements whose text without links is one paragraph.
bool is_paragraph(GumboTag tag);

/// The text of the first heading in the element that a reader sees, at most 256 bytes; empty when
/// none is among its first 64 nodes.
std::string first_heading(const GumboNode* element);

/// Characters other than white space.
int64_t count_characters(const char* text);

}  // namespace flamingo::html
