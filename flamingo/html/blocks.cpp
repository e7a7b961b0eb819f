#include "flamingo/html/blocks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "flamingo/html/html_space.h"
#include "flamingo/html/names.h"
#include "flamingo/html/tag_set.h"

namespace flamingo::html {
namespace {

constexpr TagSet kNeverContent = {
    GUMBO_TAG_APPLET, GUMBO_TAG_AUDIO,  GUMBO_TAG_CANVAS,  GUMBO_TAG_EMBED,    GUMBO_TAG_HEAD,
    GUMBO_TAG_IFRAME, GUMBO_TAG_MAP,    GUMBO_TAG_NOEMBED, GUMBO_TAG_NOFRAMES, GUMBO_TAG_OBJECT,
    GUMBO_TAG_RP,     GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,   GUMBO_TAG_TEMPLATE, GUMBO_TAG_TITLE};

constexpr TagSet kHeadings = {GUMBO_TAG_H1, GUMBO_TAG_H2, GUMBO_TAG_H3,
                              GUMBO_TAG_H4, GUMBO_TAG_H5, GUMBO_TAG_H6};

constexpr TagSet kFormControls = {GUMBO_TAG_BUTTON,   GUMBO_TAG_DATALIST, GUMBO_TAG_INPUT,
                                  GUMBO_TAG_KEYGEN,   GUMBO_TAG_METER,    GUMBO_TAG_OUTPUT,
                                  GUMBO_TAG_PROGRESS, GUMBO_TAG_SELECT,   GUMBO_TAG_TEXTAREA};

constexpr TagSet kBlocks = {
    GUMBO_TAG_ADDRESS, GUMBO_TAG_ASIDE, GUMBO_TAG_CENTER, GUMBO_TAG_DIV,     GUMBO_TAG_DL,
    GUMBO_TAG_FOOTER,  GUMBO_TAG_FORM,  GUMBO_TAG_HEADER, GUMBO_TAG_LI,      GUMBO_TAG_MENU,
    GUMBO_TAG_NAV,     GUMBO_TAG_OL,    GUMBO_TAG_P,      GUMBO_TAG_SECTION, GUMBO_TAG_TABLE,
    GUMBO_TAG_TBODY,   GUMBO_TAG_TD,    GUMBO_TAG_TR,     GUMBO_TAG_UL};

constexpr size_t kMaxHeadingNodes = 64;
constexpr size_t kMaxHeadingBytes = 256;
/// Levels between a heading and the button in it.
constexpr int kMaxButtonDepth = 4;
/// Characters beside a button that is all of a heading: a mark or a number.
constexpr int64_t kMaxBesideButton = 2;

/// Calls visit(node) for an element's first nodes in the order of the page until it returns false.
template <class Visit>
void visit_first_nodes(const GumboNode* element, Visit visit) {
  std::vector<const GumboNode*> open = {element};
  for (size_t visited = 0; !open.empty() && visited < kMaxHeadingNodes; ++visited) {
    const GumboNode* node = open.back();
    open.pop_back();
    if (!visit(node)) return;
    const auto below = children(node);
    const size_t count = std::min(below.size(), kMaxHeadingNodes);
    for (size_t i = count; i-- > 0;) open.push_back(below[i]);
  }
}

std::string text_of(const GumboNode* element) {
  std::string text;
  visit_first_nodes(element, [&](const GumboNode* node) {
    if (is_text(node)) text += node->v.text.text;
    return text.size() < kMaxHeadingBytes;
  });
  text.resize(std::min(text.size(), kMaxHeadingBytes));
  return text;
}

/// A heading, or what is above a text like one.
bool heads_text(const GumboNode* element) {
  switch (tag_of(element)) {
    case GUMBO_TAG_DT:
    case GUMBO_TAG_LEGEND:
    case GUMBO_TAG_SUMMARY:
      return true;
    default:
      return is_heading_element(element);
  }
}

/// Characters in the first nodes of an element, those in buttons left out.
int64_t characters_beside_buttons(const GumboNode* element) {
  int64_t count = 0;
  std::vector<const GumboNode*> open = {element};
  for (size_t visited = 0; !open.empty() && visited < kMaxHeadingNodes; ++visited) {
    const GumboNode* node = open.back();
    open.pop_back();
    if (is_text(node)) count += count_characters(node->v.text.text);
    for (const GumboNode* child : children(node)) {
      if (tag_of(child) != GUMBO_TAG_BUTTON && open.size() < kMaxHeadingNodes) {
        open.push_back(child);
      }
    }
  }
  return count;
}

bool is_all_of_a_heading(const GumboNode* button) {
  const GumboNode* above = button->parent;
  for (int level = 0; level < kMaxButtonDepth && above != nullptr && is_element(above); ++level) {
    if (heads_text(above)) return characters_beside_buttons(above) <= kMaxBesideButton;
    above = above->parent;
  }
  return false;
}

/// Whether an accordion, or a part of one, begins with this button.
bool begins_accordion(const GumboNode* button) {
  const GumboNode* above = button->parent;
  if (!is_element(above) || !names_accordion(attribute(above, "class"))) return false;
  const auto is_content = [](const GumboNode* node) {
    return is_element(node) || node->type == GUMBO_NODE_TEXT;
  };
  const auto siblings = children(above);
  return *std::ranges::find_if(siblings, is_content) == button;
}

bool holds_heading(const GumboNode* element) {
  bool found = false;
  visit_first_nodes(element, [&](const GumboNode* node) {
    found = is_heading(tag_of(node));
    return !found;
  });
  return found;
}

}  // namespace

bool is_heading_button(const GumboNode* element) {
  return tag_of(element) == GUMBO_TAG_BUTTON &&
         (names_accordion(attribute(element, "class")) || begins_accordion(element) ||
          is_all_of_a_heading(element) || holds_heading(element));
}

bool is_tool_tip(const GumboNode* element) {
  if (!names_tool_tip(attribute(element, "class"))) return false;
  if (has_attribute(element, "href") || has_attribute(element, "title")) return false;
  bool holds_tip = false;
  visit_first_nodes(element, [&](const GumboNode* node) {
    if (node == element || !is_element(node)) return true;
    const std::string_view names = attribute(node, "class");
    holds_tip = names_tool_tip(names) || names_furniture(names);
    return !holds_tip;
  });
  return !holds_tip;
}

std::string first_heading(const GumboNode* element) {
  std::string text;
  visit_first_nodes(element, [&](const GumboNode* node) {
    if (!is_heading(tag_of(node)) || names_furniture(attribute(node, "class"))) return true;
    text = text_of(node);
    return false;
  });
  return text;
}

int64_t count_characters(const char* text) {
  int64_t count = 0;
  for (; *text != '\0'; ++text) {
    const auto byte = static_cast<unsigned char>(*text);
    const bool no_break_space = byte == 0xc2 && static_cast<unsigned char>(text[1]) == 0xa0;
    count += (byte & 0xc0) != 0x80 && !is_html_space(*text) && !no_break_space;
  }
  return count;
}

bool is_never_content(const GumboNode* element) {
  if (element->v.element.tag_namespace == GUMBO_NAMESPACE_SVG) return true;
  return kNeverContent.contains(tag_of(element)) ||
         has_unknown_name(element, "annotation");  // MathML's formula as TeX
}

bool is_heading(GumboTag tag) { return kHeadings.contains(tag); }

bool is_heading_element(const GumboNode* element) {
  return is_heading(tag_of(element)) ||
         (is_element(element) && ascii_iequal(attribute(element, "role"), "heading"));
}

bool is_form_control(GumboTag tag) { return kFormControls.contains(tag); }

bool is_block(GumboTag tag) { return kBlocks.contains(tag); }

bool is_paragraph(GumboTag tag) { return tag == GUMBO_TAG_P || tag == GUMBO_TAG_DD; }

}  // namespace flamingo::html
