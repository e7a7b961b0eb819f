#include "flamingo/html/layout.h"

#include "flamingo/html/blocks.h"
#include "flamingo/html/tag_set.h"

namespace flamingo::html {
namespace {

constexpr TagSet kLines = {GUMBO_TAG_CAPTION, GUMBO_TAG_DD,      GUMBO_TAG_DT,
                           GUMBO_TAG_LEGEND,  GUMBO_TAG_LI,      GUMBO_TAG_OPTGROUP,
                           GUMBO_TAG_OPTION,  GUMBO_TAG_SUMMARY, GUMBO_TAG_TR};

/// Beside the headings.
constexpr TagSet kParagraphs = {
    GUMBO_TAG_ADDRESS,    GUMBO_TAG_ARTICLE, GUMBO_TAG_ASIDE,   GUMBO_TAG_BLOCKQUOTE,
    GUMBO_TAG_CENTER,     GUMBO_TAG_DETAILS, GUMBO_TAG_DIR,     GUMBO_TAG_FIELDSET,
    GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FIGURE,  GUMBO_TAG_FOOTER,  GUMBO_TAG_FORM,
    GUMBO_TAG_HEADER,     GUMBO_TAG_HGROUP,  GUMBO_TAG_HR,      GUMBO_TAG_LISTING,
    GUMBO_TAG_MAIN,       GUMBO_TAG_MENU,    GUMBO_TAG_NAV,     GUMBO_TAG_P,
    GUMBO_TAG_PLAINTEXT,  GUMBO_TAG_PRE,     GUMBO_TAG_SECTION, GUMBO_TAG_TABLE,
    GUMBO_TAG_XMP};

/// Paragraphs, but lines where they are in a part of a list or table.
constexpr TagSet kParagraphsOrLines = {GUMBO_TAG_DIV, GUMBO_TAG_DL, GUMBO_TAG_OL, GUMBO_TAG_UL};

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
  const GumboTag tag = tag_of(element);
  if (kLines.contains(tag)) return Layout::kLine;
  if (kParagraphsOrLines.contains(tag)) {
    const bool line = is_code_line(element) || is_tight(tag_of(element->parent));
    return line ? Layout::kLine : Layout::kParagraph;
  }
  return is_heading(tag) || kParagraphs.contains(tag) ? Layout::kParagraph : Layout::kInline;
}

bool is_preformatted(const GumboNode* element) {
  const GumboTag tag = tag_of(element);
  return tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING || tag == GUMBO_TAG_XMP ||
         tag == GUMBO_TAG_PLAINTEXT || tag == GUMBO_TAG_TEXTAREA || is_code_line(element);
}

}  // namespace flamingo::html
