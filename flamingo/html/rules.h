#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "flamingo/html/tree.h"

namespace flamingo::html {

/// Why a part of a page is not in the document.
enum class DropReason : uint8_t {
  kNone,
  kHidden,   ///< BoilerplateRules::hidden
  kForm,     ///< BoilerplateRules::forms
  kTag,      ///< BoilerplateRules::tags
  kRole,     ///< BoilerplateRules::roles
  kName,     ///< BoilerplateRules::names
  kLinks,    ///< BoilerplateRules::link_menus
  kOutside,  ///< BoilerplateRules::main_only
  kTiny,     ///< a picture that says it is smaller than PictureRules::min_side
  kSvg,      ///< a drawing, which no picture decoder reads
  kData,     ///< a data: address over PictureRules::data_bytes
  kAddress,  ///< a picture without an address that can be fetched
  kTooMany,  ///< a picture after HtmlLimits::pictures others
};

/// Enumerators of DropReason, kNone among them.
constexpr size_t kNumDropReasons = 13;

constexpr std::array<std::pair<DropReason, const char*>, kNumDropReasons> enum_table(DropReason) {
  return {{{DropReason::kNone, "none"},
           {DropReason::kHidden, "hidden"},
           {DropReason::kForm, "form"},
           {DropReason::kTag, "tag"},
           {DropReason::kRole, "role"},
           {DropReason::kName, "name"},
           {DropReason::kLinks, "links"},
           {DropReason::kOutside, "outside"},
           {DropReason::kTiny, "tiny"},
           {DropReason::kSvg, "svg"},
           {DropReason::kData, "data"},
           {DropReason::kAddress, "address"},
           {DropReason::kTooMany, "too_many"}}};
}

/// What one rule took away.
struct DropCount {
  int64_t characters = 0;  ///< without white space
  int64_t pictures = 0;    ///< <img> and <video> elements
};

/// Counts by DropReason.
using DropCounts = std::array<DropCount, kNumDropReasons>;

/// Which parts of a page are not its content. Scripts, styles, embedded frames and drawings never
/// are.
struct BoilerplateRules {
  bool hidden = true;
  bool forms = true;
  bool tags = true;
  bool roles = true;
  bool names = true;
  bool link_menus = true;
  double link_share = 0.8;
  int64_t min_links = 4;
  int64_t max_menu_text = 80;
  bool main_only = true;
  double main_share = 0.5;

  template <class Visitor>
  void visit(Visitor& v) {
    v("hidden", hidden,
      "drop elements with hidden, aria-hidden, display: none, visibility: hidden");
    v("forms", forms,
      "drop buttons, fields and selections (not the form around them, nor headings)");
    v("tags", tags,
      "drop nav, footer, the page's header without h1, and aside outside of main or article");
    v("roles", roles, "drop role= navigation, banner, contentinfo, complementary, search, ...");
    v("names", names,
      "drop blocks whose class or id says menu, cookie, share, ad, ..., not their prose");
    v("link_menus", link_menus, "drop blocks whose text is nearly all links");
    v("link_share", link_share, "share of a block's characters in links that makes it a menu");
    v("min_links", min_links, "links that a menu has at least");
    v("max_menu_text", max_menu_text,
      "characters of the longest text outside links in a menu; more is prose");
    v("main_only", main_only, "drop what is outside of the one main or article");
    v("main_share", main_share, "share of the characters that main or article must hold for that");
  }
};

/// What the rules say about a page.
struct Judgement {
  std::vector<DropReason> reasons;  ///< by slot of the tree, for everything below the body
  const GumboNode* body = nullptr;  ///< null for a page of frames
  DropCounts counts{};
};

/// Applies the rules to the body of a page, in time linear in its nodes. Elements that never have
/// content are kNone here; is_never_content() (blocks.h) tells them.
Judgement judge(const HtmlTree& tree, const BoilerplateRules& rules);

}  // namespace flamingo::html
