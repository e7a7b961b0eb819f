#include "flamingo/html/layout.h"

namespace flamingo::html {
namespace {

bool is_list_part(GumboTag tag) {
  return tag == GUMBO_TAG_LI || tag == GUMBO_TAG_DD || tag == GUMBO_TAG_DT;
}

/// Whether a block inside `parent` begins a line of it rather than a paragraph.
bool is_tight(GumboTag parent) {
  return is_list_part(parent) || parent == GUMBO_TAG_TD || parent == GUMBO_TAG_TH;
}

/// A line of code as doxygen writes it: a block of its own inside a <div class="fragment">.
bool is_code_line(const GumboNode* element) {
  return tag_of(element) == GUMBO_TAG_DIV && attribute(element, "class") == "line" &&
         attribute(element->parent, "class") == "fragment";
}

}  // namespace

Layout layout_of(const GumboNode* element) {
  switch (tag_of(element)) {
    case GUMBO_TAG_CAPTION:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_LEGEND:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_OPTGROUP:
    case GUMBO_TAG_OPTION:
    case GUMBO_TAG_SUMMARY:
    case GUMBO_TAG_TR:
      return Layout::kLine;
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_UL:
      return is_code_line(element) || is_tight(tag_of(element->parent)) ? Layout::kLine
                                                                        : Layout::kParagraph;
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_CENTER:
    case GUMBO_TAG_DETAILS:
    case GUMBO_TAG_DIR:
    case GUMBO_TAG_FIELDSET:
    case GUMBO_TAG_FIGCAPTION:
    case GUMBO_TAG_FIGURE:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_FORM:
    case GUMBO_TAG_H1:
    case GUMBO_TAG_H2:
    case GUMBO_TAG_H3:
    case GUMBO_TAG_H4:
    case GUMBO_TAG_H5:
    case GUMBO_TAG_H6:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_HGROUP:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_LISTING:
    case GUMBO_TAG_MAIN:
    case GUMBO_TAG_MENU:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_P:
    case GUMBO_TAG_PLAINTEXT:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_XMP:
      return Layout::kParagraph;
    default:
      return Layout::kInline;
  }
}

bool is_preformatted(const GumboNode* element) {
  const GumboTag tag = tag_of(element);
  return tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING || tag == GUMBO_TAG_XMP ||
         tag == GUMBO_TAG_PLAINTEXT || tag == GUMBO_TAG_TEXTAREA || is_code_line(element);
}

}  // namespace flamingo::html
