#pragma once

#include <string_view>

namespace flamingo {

/// How surely a name says that a block is not content. Prose may stand in what is called a sidebar
/// or a menu (of a restaurant), never in a footer.
enum class NameVerdict { kContent, kUnlessProse, kBoilerplate };

/// What a class or id attribute says of a block: one of its words is "menu", "sidebar", "cookie",
/// "share" and the like, as a whole ("site-footer" yes, "guimenu" no). A name that begins with
/// has-, no-, with- or without- speaks of another block.
NameVerdict judge_name(std::string_view class_or_id);

/// Whether a class or id attribute says that any element, inline ones too, is not content: marks
/// beside headings, text for screen readers, tool tips.
bool names_furniture(std::string_view class_or_id);

}  // namespace flamingo
