#include "flamingo/html/names.h"

#include <algorithm>
#include <array>
#include <string>

#include "flamingo/html/html_space.h"

namespace flamingo {
namespace {

using std::string_view_literals::operator""sv;

/// Words that a name is made of, between - and _ and at changes from lower to upper case.
constexpr std::array kWords = {
    "ad"sv,          "ads"sv,       "adsbygoogle"sv, "advert"sv,      "advertisement"sv,
    "advertising"sv, "backlinks"sv, "breadcrumb"sv,  "breadcrumbs"sv, "colophon"sv,
    "consent"sv,     "cookie"sv,    "cookies"sv,     "copyright"sv,   "footer"sv,
    "gdpr"sv,        "infolinks"sv, "login"sv,       "masthead"sv,    "menubar"sv,
    "nav"sv,         "navbar"sv,    "navbox"sv,      "navfooter"sv,   "navheader"sv,
    "navigation"sv,  "navpath"sv,   "newsletter"sv,  "pager"sv,       "paginate"sv,
    "pagination"sv,  "paginator"sv, "popup"sv,       "promo"sv,       "share"sv,
    "sharing"sv,     "signup"sv,    "sitemap"sv,     "social"sv,      "sponsor"sv,
    "sponsored"sv,   "submenu"sv,   "subscribe"sv,   "toc"sv,         "toolbar"sv,
    "topbar"sv,      "topnav"sv};

/// Words of names that content may have.
constexpr std::array kWeakWords = {"banner"sv,      "dropdown"sv, "menu"sv,   "modal"sv,
                                   "recommended"sv, "related"sv,  "sidebar"sv};

/// Whole names.
constexpr std::array kNames = {"back-to-top"sv,     "catlinks"sv,          "comment-form"sv,
                               "comment-respond"sv, "commentform"sv,       "docnav"sv,
                               "global-header"sv,   "post-tags"sv,         "printfooter"sv,
                               "projectlogo"sv,     "respond"sv,           "site-header"sv,
                               "siteheader"sv,      "table-of-contents"sv, "tableofcontents"sv,
                               "tag-list"sv,        "tagcloud"sv,          "tags"sv,
                               "titlearea"sv};

constexpr std::array kFurniture = {"headerlink"sv,
                                   "mw-editsection"sv,
                                   "mw-jump-link"sv,
                                   "screen-reader-only"sv,
                                   "screen-reader-text"sv,
                                   "skip-link"sv,
                                   "skip-to-content"sv,
                                   "skiplink"sv,
                                   "sr-only"sv,
                                   "tooltip"sv,
                                   "tooltiptext"sv,
                                   "ttc"sv,
                                   "visually-hidden"sv,
                                   "visuallyhidden"sv};

static_assert(std::ranges::is_sorted(kWords) && std::ranges::is_sorted(kWeakWords) &&
              std::ranges::is_sorted(kNames) && std::ranges::is_sorted(kFurniture));

constexpr std::array kNegations = {"has-"sv, "no-"sv, "with-"sv, "without-"sv};

template <size_t N>
bool contains(const std::array<std::string_view, N>& sorted, std::string_view word) {
  return std::ranges::binary_search(sorted, word);
}

/// Calls visit(word) for the words of a name, in lower case.
template <class Visit>
void for_each_part(std::string_view name, Visit visit) {
  std::string word;
  for (size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '-';
    const bool hump = is_ascii_upper(c) && i > 0 && !is_ascii_upper(name[i - 1]);
    if (!is_ascii_alpha(c) || hump) {
      if (!word.empty()) visit(std::string_view(word));
      word.clear();
    }
    if (is_ascii_alpha(c)) word += ascii_lower(c);
  }
}

NameVerdict judge_one(std::string_view name) {
  const std::string lower = ascii_lower(name);
  const auto negates = [&](std::string_view prefix) { return lower.starts_with(prefix); };
  if (std::ranges::any_of(kNegations, negates)) return NameVerdict::kContent;
  if (contains(kNames, lower)) return NameVerdict::kBoilerplate;
  auto verdict = NameVerdict::kContent;
  for_each_part(name, [&](std::string_view word) {
    if (contains(kWeakWords, word)) verdict = std::max(verdict, NameVerdict::kUnlessProse);
    if (contains(kWords, word)) verdict = NameVerdict::kBoilerplate;
  });
  return verdict;
}

}  // namespace

NameVerdict judge_name(std::string_view class_or_id) {
  auto verdict = NameVerdict::kContent;
  for_each_word(class_or_id, is_html_space,
                [&](std::string_view name) { verdict = std::max(verdict, judge_one(name)); });
  return verdict;
}

bool names_furniture(std::string_view class_or_id) {
  bool found = false;
  for_each_word(class_or_id, is_html_space, [&](std::string_view name) {
    found = found || contains(kFurniture, std::string_view(ascii_lower(name)));
  });
  return found;
}

}  // namespace flamingo
