#include "flamingo/html/rules.h"

#include <algorithm>
#include <string>

#include "flamingo/html/html_space.h"
#include "flamingo/html/names.h"

namespace flamingo {
namespace {

using std::string_view_literals::operator""sv;

/// What stands below a node, itself included.
struct Content {
  int64_t characters = 0;
  int64_t linked = 0;   ///< characters in links
  int64_t longest = 0;  ///< characters of the longest text outside links
  int64_t links = 0;
  int64_t pictures = 0;

  int64_t plain() const { return characters - linked; }
  void add(const Content& other) {
    characters += other.characters;
    linked += other.linked;
    longest = std::max(longest, other.longest);
    links += other.links;
    pictures += other.pictures;
  }
};

/// A node in the order of the page, and where its parent is in that order.
struct Entry {
  const GumboNode* node;
  size_t parent;
  size_t slot;
  bool in_link;
  bool in_main;  ///< in main or article
};

int64_t count_characters(const char* text) {
  int64_t count = 0;
  for (; *text != '\0'; ++text) {
    count += (static_cast<unsigned char>(*text) & 0xc0) != 0x80 && !is_html_space(*text);
  }
  return count;
}

bool is_sectioning(const GumboNode* node) {
  const GumboTag tag = tag_of(node);
  return tag == GUMBO_TAG_MAIN || tag == GUMBO_TAG_ARTICLE ||
         (is_element(node) && attribute(node, "role") == "main");
}

bool is_hidden(const GumboNode* element) {
  if (has_attribute(element, "hidden") || attribute(element, "aria-hidden") == "true") return true;
  const std::string_view style = attribute(element, "style");
  if (style.empty()) return false;
  std::string tight = ascii_lower(style);
  std::erase_if(tight, is_html_space);
  return tight.find("display:none") != std::string::npos ||
         tight.find("visibility:hidden") != std::string::npos;
}

bool is_form_control(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_BUTTON:
    case GUMBO_TAG_DATALIST:
    case GUMBO_TAG_INPUT:
    case GUMBO_TAG_KEYGEN:
    case GUMBO_TAG_METER:
    case GUMBO_TAG_OUTPUT:
    case GUMBO_TAG_PROGRESS:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_TEXTAREA:
      return true;
    default:
      return false;
  }
}

/// Elements that a name can make a menu; words inside a sentence are none.
bool is_block(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_CENTER:
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_FORM:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_MENU:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_P:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_TBODY:
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TR:
    case GUMBO_TAG_UL:
      return true;
    default:
      return false;
  }
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
    entries_.push_back({judgement_.body, 0, tree_.slot(judgement_.body), false, false});
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
    const Entry above = entries_[parent];
    const bool in_link = above.in_link || tag_of(above.node) == GUMBO_TAG_A;
    const bool in_main = above.in_main || is_sectioning(above.node);
    for (const GumboNode* child : children(above.node)) {
      if (is_element(child) ? is_never_content(child) : !is_text(child)) continue;
      if (child->type == GUMBO_NODE_WHITESPACE) continue;
      if (is_element(child)) open.push_back(entries_.size());
      entries_.push_back({child, parent, tree_.slot(child), in_link, in_main});
    }
  }

  Content own_content(const Entry& entry) const {
    Content own;
    if (is_text(entry.node)) {
      own.characters = count_characters(entry.node->v.text.text);
      (entry.in_link ? own.linked : own.longest) = own.characters;
    }
    const GumboTag tag = tag_of(entry.node);
    own.links = tag == GUMBO_TAG_A && has_attribute(entry.node, "href");
    own.pictures = tag == GUMBO_TAG_IMG || tag == GUMBO_TAG_VIDEO;
    return own;
  }

  /// Sums what is below each entry; what is dropped counts for itself, not for what is around it.
  void sum_content() {
    content_.clear();
    for (const Entry& entry : entries_) content_.push_back(own_content(entry));
    for (size_t i = entries_.size(); i-- > 1;) {
      const size_t parent = entries_[i].parent;
      if (reason(i) == reason(parent)) content_[parent].add(content_[i]);
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
    if (rules_.forms && is_form_control(tag_of(element))) return DropReason::kForm;
    return DropReason::kNone;
  }

  DropReason furniture(size_t index, int64_t plain) const {
    const Entry& entry = entries_[index];
    if (rules_.tags && is_boilerplate_tag(entry)) return DropReason::kTag;
    if (is_sectioning(entry.node)) return DropReason::kNone;
    if (rules_.roles && has_boilerplate_role(attribute(entry.node, "role"))) {
      return DropReason::kRole;
    }
    const bool most_of_page = 2 * content_[index].plain() > plain;
    return rules_.names && !most_of_page && has_boilerplate_name(entry.node, content_[index])
               ? DropReason::kName
               : DropReason::kNone;
  }

  bool has_boilerplate_name(const GumboNode* element, const Content& content) const {
    const bool prose = content.longest > rules_.max_menu_text && content.plain() > content.linked;
    for (const char* name : {"class", "id"}) {
      const std::string_view value = attribute(element, name);
      if (value.empty()) continue;
      if (names_furniture(value)) return true;
      if (!is_block(tag_of(element))) continue;
      const NameVerdict verdict = judge_name(value);
      if (verdict == NameVerdict::kBoilerplate) return true;
      if (verdict == NameVerdict::kUnlessProse && !prose) return true;
    }
    return false;
  }

  bool is_boilerplate_tag(const Entry& entry) const {
    switch (tag_of(entry.node)) {
      case GUMBO_TAG_NAV:
      case GUMBO_TAG_MENU:
        return true;
      case GUMBO_TAG_HEADER:
        return !entry.in_main && !holds_heading(entry.node);
      case GUMBO_TAG_FOOTER:
        return tag_of(entry.node->parent) != GUMBO_TAG_BLOCKQUOTE;
      case GUMBO_TAG_ASIDE:
        return !entry.in_main;
      default:
        return false;
    }
  }

  /// Whether an h1 stands in the first levels of a header.
  static bool holds_heading(const GumboNode* element, int levels = 4) {
    return std::ranges::any_of(children(element), [levels](const GumboNode* child) {
      return tag_of(child) == GUMBO_TAG_H1 || (levels > 1 && holds_heading(child, levels - 1));
    });
  }

  bool is_menu(size_t index) const {
    const Content& content = content_[index];
    if (!rules_.link_menus || content.links < rules_.min_links) return false;
    if (!is_block(tag_of(entries_[index].node))) return false;
    const auto characters = static_cast<double>(content.characters);
    const bool gallery = 2 * content.pictures >= content.links;
    return !gallery && content.longest <= rules_.max_menu_text &&
           static_cast<double>(content.linked) >= rules_.link_share * characters;
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
};

}  // namespace

bool is_never_content(const GumboNode* element) {
  if (element->v.element.tag_namespace == GUMBO_NAMESPACE_SVG) return true;
  switch (tag_of(element)) {
    case GUMBO_TAG_APPLET:
    case GUMBO_TAG_AUDIO:
    case GUMBO_TAG_CANVAS:
    case GUMBO_TAG_EMBED:
    case GUMBO_TAG_HEAD:
    case GUMBO_TAG_IFRAME:
    case GUMBO_TAG_MAP:
    case GUMBO_TAG_NOEMBED:
    case GUMBO_TAG_NOFRAMES:
    case GUMBO_TAG_OBJECT:
    case GUMBO_TAG_RP:
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_TEMPLATE:
    case GUMBO_TAG_TITLE:
      return true;
    default:
      return has_unknown_name(element, "annotation");  // MathML's formula as TeX
  }
}

Judgement judge(const HtmlTree& tree, const BoilerplateRules& rules) {
  return Judge(tree, rules).run();
}

}  // namespace flamingo
