#pragma once

#include <string_view>

namespace flamingo::html {

/// How surely a name says that a block is not content, by what would show the opposite. A menu may
/// be that of a restaurant, a section on cookies may bear the name of its heading, a post the
/// names of its categories.
enum class NameVerdict {
  kContent,
  kUnlessText,   ///< dropped unless it holds text of its own: words that a topic qualifies
  kUnlessProse,  ///< dropped unless it holds prose: "menu", "sidebar"
  kUnlessPlain,  ///< dropped unless it holds prose below a heading, or prose and nothing to click:
                 ///< a place or topic that other words qualify ("nav", "chocolate-cookies")
  kUnlessArticle,  ///< dropped unless it holds prose below a heading: "cookies", "share"
  kBoilerplate,    ///< dropped unless it is long prose below headings: "footer", "breadcrumbs"
};

/// What a class or id attribute says of a block: one of its words is "menu", "sidebar", "cookie",
/// "share" and the like, as a whole ("site-footer" yes, "guimenu" no). A name that begins with
/// has-, no-, with- or without- speaks of another block, one that begins with category-, tag- and
/// the like of a topic.
NameVerdict judge_name(std::string_view class_or_id);

/// Whether a class or id attribute says that any element, inline ones too, is not content: marks
/// beside headings, text for screen readers, tool tips.
bool names_furniture(std::string_view class_or_id);

/// Whether a class says that an element is a tool tip, or what one explains: both are "tooltip".
bool names_tool_tip(std::string_view class_value);

/// Whether a class says that an element is part of an accordion: a list of headings that open and
/// close the text below them.
bool names_accordion(std::string_view class_value);

/// Whether a heading explains the id of its section: the words for which judge_name() drops it
/// stand in the heading, perhaps as two words ("signup" for "Sign up"). exact: set to whether the
/// id is the whole heading as a slug
/// ("copyright-considerations" for "2.3 Copyright considerations").
bool is_slug_of(std::string_view id, std::string_view heading, bool& exact);

}  // namespace flamingo::html
