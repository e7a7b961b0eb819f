#include "flamingo/html/names.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "flamingo/html/html_space.h"

namespace flamingo::html {
namespace {

using std::string_view_literals::operator""sv;

/// Words that a name is made of, between - and _ and at changes from lower to upper case.
constexpr std::array kStrong = {"adsbygoogle"sv, "breadcrumb"sv, "breadcrumbs"sv, "catlinks"sv,
                                "colophon"sv,    "footer"sv,     "masthead"sv,    "menubar"sv,
                                "navbar"sv,      "navbox"sv,     "navfooter"sv,   "navheader"sv,
                                "navpath"sv,     "pager"sv,      "paginate"sv,    "pagination"sv,
                                "paginator"sv,   "sitemap"sv,    "topbar"sv,      "topnav"sv};

/// Words for parts around a text that may also be its subject.
constexpr std::array kPlaces = {"backlinks"sv, "nav"sv, "navigation"sv,
                                "submenu"sv,   "toc"sv, "toolbar"sv};

/// Words for what is beside a text that may also be its subject.
constexpr std::array kTopics = {
    "ad"sv,         "ads"sv,     "advert"sv,    "advertisement"sv, "advertising"sv, "consent"sv,
    "cookie"sv,     "cookies"sv, "copyright"sv, "gdpr"sv,          "infolinks"sv,   "login"sv,
    "newsletter"sv, "popup"sv,   "promo"sv,     "share"sv,         "sharing"sv,     "signup"sv,
    "social"sv,     "sponsor"sv, "sponsored"sv, "subscribe"sv};

/// Those of them that mean something else after or before most other words ("market-share").
constexpr std::array kQualified = {"login"sv, "share"sv, "sharing"sv, "social"sv};

/// Words beside which they do not, and topics mean what is beside a text.
constexpr std::array kFittings = {
    "addthis"sv, "addtoany"sv, "area"sv,     "article"sv, "bar"sv,      "block"sv,     "blog"sv,
    "bottom"sv,  "box"sv,      "btn"sv,      "button"sv,  "buttons"sv,  "container"sv, "content"sv,
    "email"sv,   "entry"sv,    "facebook"sv, "float"sv,   "floating"sv, "follow"sv,    "form"sv,
    "group"sv,   "header"sv,   "icon"sv,     "icons"sv,   "info"sv,     "item"sv,      "items"sv,
    "like"sv,    "link"sv,     "links"sv,    "list"sv,    "media"sv,    "message"sv,   "meta"sv,
    "modal"sv,   "network"sv,  "networks"sv, "notice"sv,  "overlay"sv,  "page"sv,      "panel"sv,
    "post"sv,    "posts"sv,    "single"sv,   "site"sv,    "slot"sv,     "sticky"sv,    "this"sv,
    "tools"sv,   "top"sv,      "tweet"sv,    "twitter"sv, "unit"sv,     "widget"sv,    "widgets"sv,
    "wrap"sv,    "wrapper"sv};

/// Words of names that content may have.
constexpr std::array kWeak = {"banner"sv,      "dropdown"sv, "menu"sv,   "modal"sv,
                              "recommended"sv, "related"sv,  "sidebar"sv};

/// Whole names.
constexpr std::array kNames = {
    "back-to-top"sv,   "comment-form"sv, "comment-respond"sv,   "commentform"sv,     "docnav"sv,
    "global-header"sv, "post-tags"sv,    "printfooter"sv,       "projectlogo"sv,     "respond"sv,
    "site-header"sv,   "siteheader"sv,   "table-of-contents"sv, "tableofcontents"sv, "tag-list"sv,
    "tagcloud"sv,      "tags"sv,         "titlearea"sv};

/// Whole names of what a page is about.
constexpr std::array kContentNames = {"article"sv, "chapter"sv, "entry"sv,   "event"sv,
                                      "h-entry"sv, "hentry"sv,  "lesson"sv,  "news"sv,
                                      "post"sv,    "product"sv, "project"sv, "recipe"sv,
                                      "review"sv,  "story"sv,   "tutorial"sv};

constexpr std::array kFurniture = {"headerlink"sv,
                                   "mw-editsection"sv,
                                   "mw-jump-link"sv,
                                   "screen-reader-only"sv,
                                   "screen-reader-text"sv,
                                   "skip-link"sv,
                                   "skip-to-content"sv,
                                   "skiplink"sv,
                                   "sr-only"sv,
                                   "tooltip-content"sv,
                                   "tooltip-inner"sv,
                                   "tooltip-text"sv,
                                   "tooltiptext"sv,
                                   "ttc"sv,
                                   "visually-hidden"sv,
                                   "visuallyhidden"sv};

static_assert(std::ranges::is_sorted(kStrong) && std::ranges::is_sorted(kPlaces) &&
              std::ranges::is_sorted(kTopics) && std::ranges::is_sorted(kQualified) &&
              std::ranges::is_sorted(kFittings) && std::ranges::is_sorted(kWeak) &&
              std::ranges::is_sorted(kNames) && std::ranges::is_sorted(kContentNames) &&
              std::ranges::is_sorted(kFurniture));

constexpr std::array kNegations = {"has-"sv, "no-"sv, "with-"sv, "without-"sv};
/// After these stands what an editor chose (the classes of posts in WordPress).
constexpr std::array kTaxonomies = {"author-"sv,  "cat-"sv,         "category-"sv,    "format-"sv,
                                    "keyword-"sv, "product_cat-"sv, "product_tag-"sv, "tag-"sv,
                                    "term-"sv,    "topic-"sv,       "type-"sv};

template <size_t N>
bool contains(const std::array<std::string_view, N>& sorted, std::string_view word) {
  return std::ranges::binary_search(sorted, word);
}

/// A part of a name, read character by character.
struct NamePart {
  std::string letters;  ///< in lower case
  bool has_digits = false;
  bool is_key = false;  ///< has letters after digits, as hexadecimal keys do

  void add(char c) {
    is_key = is_key || (has_digits && is_ascii_alpha(c));
    has_digits = has_digits || is_ascii_digit(c);
    if (is_ascii_alpha(c)) letters += ascii_lower(c);
  }
  bool is_word() const { return !letters.empty() && !is_key; }
};

/// Calls visit(word) for the words of a name, in lower case and without a number after them.
template <class Visit>
void for_each_part(std::string_view name, Visit visit) {
  NamePart part;
  for (size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '-';
    const bool hump = is_ascii_upper(c) && i > 0 && !is_ascii_upper(name[i - 1]);
    if (!is_ascii_alnum(c) || (hump && !part.has_digits)) {
      if (part.is_word()) visit(std::string_view(part.letters));
      part = {};
    }
    part.add(c);
  }
}

template <size_t N>
bool begins_with_any(std::string_view name, const std::array<std::string_view, N>& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return name.starts_with(p); });
}

/// What words of a name were found, and how they stand to each other.
struct NameWords {
  bool strong = false;
  bool place = false;
  bool weak = false;
  bool topic = false;         ///< of kTopics, but not of kQualified
  bool qualified = false;     ///< of kQualified
  bool only_fittings = true;  ///< beside those
  bool gallery = false;

  explicit NameWords(std::string_view name) {
    for_each_part(name, [this](std::string_view word) {
      const bool is_qualified = contains(kQualified, word);
      const bool is_topic = !is_qualified && contains(kTopics, word);
      strong = strong || contains(kStrong, word);
      place = place || contains(kPlaces, word);
      weak = weak || contains(kWeak, word);
      qualified = qualified || is_qualified;
      topic = topic || is_topic;
      gallery = gallery || word == "gallery";
      only_fittings = only_fittings && (is_qualified || is_topic || contains(kFittings, word) ||
                                        contains(kWeak, word));
    });
  }
};

/// What a name says that means what its words do.
NameVerdict judge_words(const NameWords& words) {
  if (words.strong) return NameVerdict::kBoilerplate;
  if (words.place) return NameVerdict::kUnlessPlain;
  if (words.gallery) return NameVerdict::kContent;
  if ((words.topic || words.qualified) && words.only_fittings) return NameVerdict::kUnlessArticle;
  if (words.topic) return NameVerdict::kUnlessPlain;
  if (words.weak) return NameVerdict::kUnlessProse;
  return words.qualified ? NameVerdict::kUnlessText : NameVerdict::kContent;
}

NameVerdict judge_one(std::string_view name) {
  const std::string lower = ascii_lower(name);
  if (begins_with_any(lower, kNegations)) return NameVerdict::kContent;
  if (contains(kNames, lower)) return NameVerdict::kBoilerplate;
  const NameWords words(name);
  if (!begins_with_any(lower, kTaxonomies)) return judge_words(words);
  return words.strong || words.place || words.weak ? NameVerdict::kUnlessProse
                                                   : NameVerdict::kContent;
}

/// Whether a word of a name makes judge_name() drop the block.
bool is_suspect(std::string_view word) {
  return contains(kStrong, word) || contains(kPlaces, word) || contains(kTopics, word) ||
         contains(kWeak, word);
}

}  // namespace

NameVerdict judge_name(std::string_view class_or_id) {
  auto verdict = NameVerdict::kContent;
  bool says_content = false;
  for_each_word(class_or_id, is_html_space, [&](std::string_view name) {
    verdict = std::max(verdict, judge_one(name));
    says_content = says_content || contains(kContentNames, std::string_view(ascii_lower(name)));
  });
  // The first name tells what a "recipe cookies" is, the other what it is about.
  const bool is_topic =
      verdict == NameVerdict::kUnlessArticle || verdict == NameVerdict::kUnlessPlain;
  if (says_content && is_topic) return NameVerdict::kUnlessText;
  return verdict;
}

bool names_furniture(std::string_view class_or_id) {
  bool found = false;
  for_each_word(class_or_id, is_html_space, [&](std::string_view name) {
    found = found || contains(kFurniture, std::string_view(ascii_lower(name)));
  });
  return found;
}

bool names_tool_tip(std::string_view class_value) {
  bool found = false;
  for_each_word(class_value, is_html_space,
                [&](std::string_view name) { found = found || ascii_iequal(name, "tooltip"); });
  return found;
}

bool names_accordion(std::string_view class_value) {
  bool found = false;
  for_each_part(class_value, [&](std::string_view word) {
    found = found || word == "accordion" || word == "collapsible" || word == "faq";
  });
  return found;
}

bool is_slug_of(std::string_view id, std::string_view heading, bool& exact) {
  std::vector<std::string> words;
  for_each_part(ascii_lower(heading), [&](std::string_view word) { words.emplace_back(word); });
  std::vector<std::string> slug;
  for_each_part(ascii_lower(id), [&](std::string_view word) { slug.emplace_back(word); });
  exact = words == slug;
  if (exact || contains(kNames, std::string_view(ascii_lower(id)))) return exact;
  const auto stands_in_heading = [&](const std::string& word) {
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] == word || (i > 0 && words[i - 1] + words[i] == word)) return true;
    }
    return false;
  };
  return std::ranges::all_of(
      slug, [&](const std::string& word) { return !is_suspect(word) || stands_in_heading(word); });
}

}  // namespace flamingo::html
