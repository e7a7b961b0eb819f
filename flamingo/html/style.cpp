#include "flamingo/html/style.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "flamingo/html/html_space.h"

namespace flamingo::html {
namespace {

/// A property that can hide an element, by its values that do.
struct HidingProperty {
  std::string_view name;
  std::array<std::string_view, 2> values;
};

constexpr std::array kProperties = {HidingProperty{"display", {"none", "none"}},
                                    HidingProperty{"visibility", {"hidden", "collapse"}},
                                    HidingProperty{"content-visibility", {"hidden", "hidden"}}};

/// `style` without comments.
std::string without_comments(std::string_view style) {
  std::string out;
  while (true) {
    const size_t begin = style.find("/*");
    out += style.substr(0, begin);
    const size_t end = begin == std::string_view::npos ? begin : style.find("*/", begin + 2);
    if (end == std::string_view::npos) return out;
    style.remove_prefix(end + 2);
  }
}

bool begins_string(std::string_view text) {
  return text.starts_with('"') || text.starts_with('\'');
}

/// Whether the bracket at `at` begins an address without quotes, url(it's.png), in which a quote
/// begins no string.
bool begins_address(std::string_view style, size_t at) {
  return style[at] == '(' && at >= 3 && ascii_iequal(style.substr(at - 3, 3), "url") &&
         !begins_string(trim_html_space(style.substr(at + 1)));
}

/// Length of the first declaration: up to a semicolon that is in no string and no bracket.
size_t declaration_end(std::string_view style) {
  int depth = 0;
  for (size_t i = 0; i < style.size(); ++i) {
    const char c = style[i];
    if (c == ';' && depth == 0) return i;
    if (c == ')' && depth > 0) --depth;
    const bool address = begins_address(style, i);
    if (c == '(' && !address) ++depth;
    if (address || c == '"' || c == '\'') {
      i = std::min(style.find(address ? ')' : c, i + 1), style.size());
    }
  }
  return style.size();
}

/// A value without its "!important", and whether that was there.
std::pair<std::string_view, bool> split_importance(std::string_view value) {
  const size_t mark = value.rfind('!');
  if (mark == std::string_view::npos) return {value, false};
  const bool important = ascii_iequal(trim_html_space(value.substr(mark + 1)), "important");
  return {trim_html_space(value.substr(0, mark)), important};
}

}  // namespace

bool style_hides(std::string_view style) {
  std::array<bool, kProperties.size()> hides{};
  std::array<bool, kProperties.size()> important{};
  const std::string text = without_comments(style);
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = declaration_end(rest);
    const std::string_view declaration = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t colon = declaration.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trim_html_space(declaration.substr(0, colon));
    const auto [value, mark] = split_importance(trim_html_space(declaration.substr(colon + 1)));
    for (size_t i = 0; i < kProperties.size(); ++i) {
      if (!ascii_iequal(name, kProperties[i].name) || (important[i] && !mark)) continue;
      const auto is_value = [value = value](std::string_view other) {
        return ascii_iequal(other, value);
      };
      hides[i] = std::ranges::any_of(kProperties[i].values, is_value);
      important[i] = mark;
    }
  }
  return std::ranges::find(hides, true) != hides.end();
}

}  // namespace flamingo::html
