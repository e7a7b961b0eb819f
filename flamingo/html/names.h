#pragma once

#include <string_view>

namespace flamingo {

/// Whether a class or id attribute says that a block is not content: one of its words is "menu",
/// "sidebar", "cookie", "share" and the like, as a whole ("site-footer" yes, "guimenu" no). A name
/// that begins with has-, no-, with- or without- speaks of another block.
bool names_boilerplate(std::string_view class_or_id);

/// Whether a class or id attribute says that any element, inline ones too, is not content: marks
/// beside headings, text for screen readers, tool tips.
bool names_furniture(std::string_view class_or_id);

}  // namespace flamingo
