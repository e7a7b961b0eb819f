#include "flamingo/html/rules.h"

#include <algorithm>
#include <string>

#include "flamingo/html/blocks.h"
#include "flamingo/html/html_space.h"
#include "flamingo/html/names.h"
#include "flamingo/html/style.h"

namespace flamingo::html {
namespace {

using std::string_view_literals::operator""sv;

/// What is below a node, itself included.
struct Content {
  int64_t characters = 0;
  int64_t linked = 0;     ///< characters in links
  int64_t longest = 0;    ///< characters of the longest text outside links
  int64_t paragraph = 0;  ///< characters outside links of the longest paragraph
  int64_t sentences = 0;  ///< paragraphs that are more than their links, and not short
  int64_t in_headings = 0;
  int64_t in_titles = 0;  ///< characters in h1, outside links
  int64_t commas = 0;     ///< texts outside links that begin with one
  int64_t links = 0;
  int64_t pictures = 0;
  int64_t headings = 0;
  int64_t plain_cells = 0;  ///< cells with text without links right below, in a row
  int64_t explained = 0;    ///< rows of links with such a cell
  int64_t controls = 0;     ///< form controls and links that act like one, dropped ones too

  int64_t plain() const { return characters - linked; }
  /// Characters that are neither linked nor a heading.
  int64_t body() const { return plain() - in_headings; }
  /// Whether there is a heading, and text beside it.
  bool has_section() const { return headings > 0 && body() > 0; }
  void add(const Content& other) {
    characters += other.characters;
    linked += other.linked;
    longest = std::max(longest, other.longest);
    paragraph = std::max(paragraph, other.paragraph);
    sentences += other.sentences;
    in_headings += other.in_headings;
    in_titles += other.in_titles;
    commas += other.commas;
    links += other.links;
    pictures += other.pictures;
    headings += other.headings;
    explained += other.explained;
    controls += other.controls;
  }
};

/// A node in the order of the page, and where its parent is in that order.
struct Entry {
  const GumboNode* node;
  size_t parent;
  size_t slot;
  bool in_link = false;
  bool in_heading = false;
  bool in_title = false;    ///< in h1
  bool in_main = false;     ///< in main or article
  bool in_section = false;  ///< in section too
  bool in_header = false;   ///< a header in one was meant to end that
};

bool is_sectioning(const GumboNode* node) {
  const GumboTag tag = tag_of(node);
  return tag == GUMBO_TAG_MAIN || tag == GUMBO_TAG_ARTICLE ||
         (is_element(node) && attribute(node, "role") == "main");
}

/// Characters below headings that outweigh what a name says, whatever controls stand among them.
constexpr int64_t kLongText = 1000;

/// An anchor without an address leads nowhere; what is in it is text like other.
bool is_link(const GumboNode* node) {
  return tag_of(node) == GUMBO_TAG_A && has_attribute(node, "href");
}

/// A table of fewer rows may lay out a page.
constexpr int64_t kManyRows = 3;

bool is_cell(GumboTag tag) { return tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH; }

bool begins_with_comma(std::string_view text) { return trim_html_space(text).starts_with(','); }

/// The element before `node` and text of no weight; unknown where there is none or text.
GumboTag tag_before(const GumboNode* node) {
  const auto siblings = children(node->parent);
  for (size_t i = node->index_within_parent; i-- > 0;) {
    if (is_element(siblings[i])) return tag_of(siblings[i]);
    if (siblings[i]->type == GUMBO_NODE_TEXT) break;
  }
  return GUMBO_TAG_UNKNOWN;
}

/// A form control that a reader sees, or a link that does what a button does.
bool is_control(const GumboNode* element) {
  const GumboTag tag = tag_of(element);
  if (tag == GUMBO_TAG_A) {
    const std::string_view href = trim_html_space(attribute(element, "href"));
    return href == "#" || ascii_iequal(href.substr(0, 11), "javascript:") ||
           ascii_iequal(attribute(element, "role"), "button");
  }
  if (tag == GUMBO_TAG_INPUT) return !ascii_iequal(attribute(element, "type"), "hidden");
  return is_form_control(tag) && !is_heading_button(element);
}

/// Text, or an element that some pages have as their content.
bool can_be_content(const GumboNode* node) {
  if (is_element(node)) return !is_never_content(node);
  return is_text(node) && node->type != GUMBO_NODE_WHITESPACE;
}

bool is_hidden(const GumboNode* element) {
  if (attribute(element, "aria-hidden") == "true") return true;
  // What is hidden until it is found is shown to who looks for it.
  const bool until_found = ascii_iequal(attribute(element, "hidden"), "until-found");
  if (has_attribute(element, "hidden") && !until_found) return true;
  const std::string_view style = attribute(element, "style");
  return !style.empty() && style_hides(style);
}

bool has_boilerplate_role(std::string_view role) {
  constexpr std::array kRoles = {"alert"sv,       "alertdialog"sv, "banner"sv,  "complementary"sv,
                                 "contentinfo"sv, "dialog"sv,      "menu"sv,    "menubar"sv,
                                 "navigation"sv,  "search"sv,      "toolbar"sv, "tooltip"sv};
  return std::ranges::find(kRoles, role) != kRoles.end();
}

/// One pass of rules over the body of a page.
class Judge {
 public:
  Judge(const HtmlTree& tree, const BoilerplateRules& rules) : tree_(tree), rules_(rules) {
    judgement_.reasons.resize(tree.num_slots());
    for (const GumboNode* child : children(tree.root())) {
      if (tag_of(child) == GUMBO_TAG_BODY) judgement_.body = child;
    }
  }

  Judgement run() {
    if (judgement_.body == nullptr) return std::move(judgement_);
    list_entries();
    drop_where([this](size_t i) { return unseen(entries_[i].node); });
    const int64_t plain = content_[0].plain();
    drop_where([&](size_t i) { return furniture(i, plain); });
    drop_where([this](size_t i) { return is_menu(i) ? DropReason::kLinks : DropReason::kNone; });
    if (rules_.main_only) keep_main_only();
    return std::move(judgement_);
  }

 private:
  void list_entries() {
    entries_.push_back({.node = judgement_.body, .parent = 0, .slot = tree_.slot(judgement_.body)});
    std::vector<size_t> open = {0};
    while (!open.empty()) {  // depth first; what is pushed last comes next
      const size_t parent = open.back();
      open.pop_back();
      list_children(parent, open);
    }
    sum_content();
  }

  /// Appends the children of an entry. Parents come before their children; that is all the order
  /// that the sums need.
  void list_children(size_t parent, std::vector<size_t>& open) {
    Entry entry = place_below(parent);
    for (const GumboNode* child : children(entries_[parent].node)) {
      if (!can_be_content(child)) continue;
      if (is_element(child)) open.push_back(entries_.size());
      if (tag_of(child) == GUMBO_TAG_H1) {
        first_h1_ = std::min<size_t>(first_h1_, child->v.element.start_pos.offset);
      }
      entry.node = child;
      entry.slot = tree_.slot(child);
      entries_.push_back(entry);
    }
  }

  /// What all children of an entry share: where they stand.
  Entry place_below(size_t parent) const {
    const Entry& above = entries_[parent];
    const GumboTag tag = tag_of(above.node);
    Entry below = above;
    below.parent = parent;
    below.in_link |= is_link(above.node);
    below.in_heading |= is_heading(tag);
    below.in_title |= tag == GUMBO_TAG_H1;
    below.in_main |= is_sectioning(above.node);
    below.in_section |= below.in_main || tag == GUMBO_TAG_SECTION;
    below.in_header |= tag == GUMBO_TAG_HEADER;
    return below;
  }

  Content own_content(const Entry& entry) const {
    Content own;
    if (is_text(entry.node)) {
      own.characters = count_characters(entry.node->v.text.text);
      (entry.in_link ? own.linked : own.longest) = own.characters;
      own.paragraph = own.longest;
      if (entry.in_link) return own;
      if (entry.in_heading) own.in_headings = own.characters;
      if (entry.in_title) own.in_titles = own.characters;
      own.commas = begins_with_comma(entry.node->v.text.text);
      return own;
    }
    const GumboTag tag = tag_of(entry.node);
    own.links = is_link(entry.node);
    own.pictures = tag == GUMBO_TAG_IMG || tag == GUMBO_TAG_VIDEO;
    own.headings =
        is_heading_element(entry.node) && !names_furniture(attribute(entry.node, "class"));
    own.controls = is_control(entry.node);
    return own;
  }

  /// Sums what is below each entry; what is dropped counts for itself, not for what is around it.
  void sum_content() {
    content_.clear();
    for (const Entry& entry : entries_) content_.push_back(own_content(entry));
    for (size_t i = entries_.size(); i-- > 1;) {
      Content& own = content_[i];
      const GumboTag tag = tag_of(entries_[i].node);
      if (is_paragraph(tag)) {
        own.paragraph = own.plain();
        own.sentences += own.plain() > own.linked && 2 * own.plain() > rules_.max_menu_text;
      }
      if (tag == GUMBO_TAG_TR) own.explained = own.links > 0 && own.plain_cells > 0;
      const size_t parent = entries_[i].parent;
      if (reason(i) == reason(parent)) {
        content_[parent].add(own);
        content_[parent].plain_cells += is_cell(tag) && own.links == 0 && own.characters > 1;
      } else {
        content_[parent].controls += own.controls;
      }
    }
  }

  /// Drops each element for which rule(index) is a reason, and all below it.
  template <class Rule>
  void drop_where(Rule rule) {
    for (size_t i = 1; i < entries_.size(); ++i) {
      if (reason(i) != DropReason::kNone) continue;
      const DropReason above = reason(entries_[i].parent);
      if (above != DropReason::kNone) {
        reason(i) = above;
      } else if (is_element(entries_[i].node)) {
        reason(i) = rule(i);
        count(reason(i), content_[i]);
      }
    }
    sum_content();
  }

  void count(DropReason why, const Content& content) {
    if (why == DropReason::kNone) return;
    judgement_.counts[static_cast<size_t>(why)].characters += content.characters;
    judgement_.counts[static_cast<size_t>(why)].pictures += content.pictures;
  }

  DropReason unseen(const GumboNode* element) const {
    if (rules_.hidden && is_hidden(element)) return DropReason::kHidden;
    if (rules_.forms && is_form_control(tag_of(element)) && !is_heading_button(element)) {
      return DropReason::kForm;
    }
    return DropReason::kNone;
  }

  DropReason furniture(size_t index, int64_t plain) const {
    const Entry& entry = entries_[index];
    const Content& content = content_[index];
    const bool most_of_page = 2 * content.plain() > plain;
    if (rules_.tags && is_boilerplate_tag(entry, content, most_of_page)) return DropReason::kTag;
    if (is_sectioning(entry.node)) return DropReason::kNone;
    if (rules_.roles && has_boilerplate_role(attribute(entry.node, "role"))) {
      return DropReason::kRole;
    }
    return rules_.names && !most_of_page && has_boilerplate_name(entry.node, content)
               ? DropReason::kName
               : DropReason::kNone;
  }

  bool has_boilerplate_name(const GumboNode* element, const Content& content) const {
    const std::string_view id = attribute(element, "id");
    const std::string_view names = attribute(element, "class");
    if ((names_furniture(names) || names_furniture(id) || is_tool_tip(element)) &&
        refutes_less(element, content, NameVerdict::kUnlessArticle)) {
      return true;
    }
    if (!is_block(tag_of(element))) return false;
    return refutes_less(element, content, judge_name(names)) ||
           (refutes_less(element, content, judge_name(id)) && !is_section_of_id(element, content));
  }

  /// Whether the content of a block does not outweigh what its name says.
  bool refutes_less(const GumboNode* element, const Content& content, NameVerdict verdict) const {
    switch (verdict) {
      case NameVerdict::kContent:
        return false;
      case NameVerdict::kUnlessText:
        return !is_mostly_text(element, content) && !shows_pictures(content);
      case NameVerdict::kUnlessProse:
        return !is_prose(content) && !is_section_without_links(content);
      case NameVerdict::kUnlessPlain:
        return !is_article(content) && !is_nothing_but_prose(content);
      case NameVerdict::kUnlessArticle:
        return !is_article(content);
      case NameVerdict::kBoilerplate:
        return !is_long_article(content);
    }
    return true;
  }

  /// Whether a block is there to be read: it has no controls, or a long text around them.
  static bool is_reading(const Content& content) {
    return content.controls == 0 || content.body() > kLongText;
  }

  bool is_mostly_text(const GumboNode* element, const Content& content) const {
    const bool is_table = tag_of(element) == GUMBO_TAG_TABLE;
    return (is_prose(content) || content.has_section() || is_table) && is_reading(content) &&
           content.body() > content.linked;
  }

  bool is_section_without_links(const Content& content) const {
    return content.has_section() && is_reading(content) && content.links == 0 &&
           2 * content.body() > rules_.max_menu_text;
  }

  bool is_nothing_but_prose(const Content& content) const {
    return is_prose(content) && content.links == 0 && content.controls == 0;
  }

  bool is_article(const Content& content) const {
    return content.has_section() && is_reading(content) && is_prose(content);
  }

  bool is_long_article(const Content& content) const {
    return is_article(content) && content.body() > kLongText && content.body() > 4 * content.linked;
  }

  /// Whether pictures without other things to click are what a block shows.
  static bool shows_pictures(const Content& content) {
    return content.pictures > 0 && content.links <= content.pictures && content.controls == 0;
  }

  /// Whether the id of a section is that of its own heading (as Sphinx, docutils and others make
  /// them), with text or pictures below it.
  bool is_section_of_id(const GumboNode* element, const Content& content) const {
    bool exact = false;
    const std::string heading = content.headings > 0 ? first_heading(element) : std::string();
    if (heading.empty() || !is_slug_of(attribute(element, "id"), heading, exact)) return false;
    if (content.controls > 0) return exact && is_prose(content);
    if (!exact && content.links > 0) return is_prose(content);
    return content.body() > content.linked || shows_pictures(content);
  }

  bool is_prose(const Content& content) const {
    return content.paragraph > rules_.max_menu_text && content.plain() > content.linked;
  }

  bool is_boilerplate_tag(const Entry& entry, const Content& content, bool most_of_page) const {
    const bool is_page = most_of_page && content.has_section();
    switch (tag_of(entry.node)) {
      case GUMBO_TAG_NAV:
        return !(is_page && is_prose(content));
      case GUMBO_TAG_MENU:
        return !is_prose(content);
      case GUMBO_TAG_HEADER:
        return !is_page && is_header_of_page(entry, content);
      case GUMBO_TAG_FOOTER:
        return tag_of(entry.node->parent) != GUMBO_TAG_BLOCKQUOTE;
      case GUMBO_TAG_ASIDE:
        return !entry.in_main && !(is_page && is_prose(content));
      default:
        return false;
    }
  }

  /// Whether a header is that of the page around a text, not the beginning of the text itself.
  bool is_header_of_page(const Entry& entry, const Content& content) const {
    return !entry.in_main && !entry.in_header && !holds_h1(entry.node) && !is_prose(content) &&
           !heads_section(entry, content);
  }

  /// Whether a header is that of a section rather than of the page: it has a heading, and stands in
  /// a section or after the page's h1.
  bool heads_section(const Entry& entry, const Content& content) const {
    const bool behind_h1 = entry.node->v.element.start_pos.offset > first_h1_;
    return content.headings > 0 && (entry.in_section || behind_h1) &&
           (content.plain() > content.linked || content.links <= content.headings);
  }

  /// Whether an h1 is in the first levels of a header.
  static bool holds_h1(const GumboNode* element, int levels = 4) {
    return std::ranges::any_of(children(element), [levels](const GumboNode* child) {
      return tag_of(child) == GUMBO_TAG_H1 || (levels > 1 && holds_h1(child, levels - 1));
    });
  }

  bool is_menu(size_t index) const {
    const Content& content = content_[index];
    if (!rules_.link_menus || content.links < rules_.min_links) return false;
    if (!is_block(tag_of(entries_[index].node)) || content.in_titles > 0) return false;
    const auto characters = static_cast<double>(content.characters);
    const bool gallery = 2 * content.pictures >= content.links;
    return !gallery && content.paragraph <= rules_.max_menu_text && content.sentences == 0 &&
           static_cast<double>(content.linked) >= rules_.link_share * characters &&
           !holds_explained_rows(index) && !is_enumeration(index);
  }

  /// Whether a block holds a table of links and what they are, or is a row or a cell of one:
  /// several rows have a cell of text beside links.
  bool holds_explained_rows(size_t index) const {
    while (entries_[index].parent != index) {
      const GumboTag tag = tag_of(entries_[index].node);
      if (!is_cell(tag) && tag != GUMBO_TAG_TR) break;
      index = entries_[index].parent;
    }
    return content_[index].explained >= kManyRows;
  }

  /// Whether a block lists its links with commas right below a heading, as "see also" sections do.
  bool is_enumeration(size_t index) const {
    const GumboNode* node = entries_[index].node;
    return tag_of(node) == GUMBO_TAG_P && content_[index].commas + 1 >= content_[index].links &&
           is_heading(tag_before(node));
  }

  /// Entry of the only outermost main, else of the only outermost article; 0 (the body) for none.
  size_t find_main() const {
    for (const bool want_main : {true, false}) {
      size_t found = 0;
      int count = 0;
      for (size_t i = 1; i < entries_.size(); ++i) {
        if (reason(i) != DropReason::kNone || !is_sectioning(entries_[i].node)) continue;
        const bool is_main = tag_of(entries_[i].node) != GUMBO_TAG_ARTICLE;
        if (is_main != want_main || (!want_main && entries_[i].in_main)) continue;
        found = i;
        ++count;
      }
      if (count == 1) return found;
      if (count > 1) return 0;
    }
    return 0;
  }

  void keep_main_only() {
    const size_t main = find_main();
    const auto all = static_cast<double>(content_[0].characters);
    if (main == 0 || static_cast<double>(content_[main].characters) < rules_.main_share * all) {
      return;
    }
    std::vector<bool> keep(entries_.size());
    for (size_t i = main; i != 0; i = entries_[i].parent) keep[i] = true;
    for (size_t i = main + 1; i < entries_.size(); ++i) {
      keep[i] = keep[i] || below(i, main, keep);
    }
    for (size_t i = 1; i < entries_.size(); ++i) {
      if (keep[i] || reason(i) != DropReason::kNone) continue;
      reason(i) = DropReason::kOutside;
      count(DropReason::kOutside, own_content(entries_[i]));
    }
  }

  /// Whether an entry is in main, given that for its parent.
  bool below(size_t index, size_t main, const std::vector<bool>& keep) const {
    const size_t parent = entries_[index].parent;
    return parent >= main && keep[parent];
  }

  DropReason& reason(size_t index) { return judgement_.reasons[entries_[index].slot]; }
  DropReason reason(size_t index) const { return judgement_.reasons[entries_[index].slot]; }

  const HtmlTree& tree_;
  const BoilerplateRules& rules_;
  Judgement judgement_;
  std::vector<Entry> entries_;
  std::vector<Content> content_;
  size_t first_h1_ = SIZE_MAX;  ///< byte of the page where its first h1 begins
};

}  // namespace

Judgement judge(const HtmlTree& tree, const BoilerplateRules& rules) {
  return Judge(tree, rules).run();
}

}  // namespace flamingo::html
