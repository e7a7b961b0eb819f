#include "flamingo/html/squeeze.h"

#include "flamingo/html/html_space.h"

namespace flamingo::html {
namespace {

using std::string_view_literals::operator""sv;

/// Elements whose white space shows.
constexpr std::string_view kKept[] = {"pre"sv, "textarea"sv, "listing"sv, "xmp"sv, "plaintext"sv};

/// The element of kKept that a tag at the start of `text` opens; empty for another.
std::string_view kept_element(std::string_view text) {
  constexpr std::string_view kInitials = "PTLXptlx";
  if (text.size() < 2 || kInitials.find(text[1]) == std::string_view::npos) return {};
  for (const std::string_view name : kKept) {
    if (ascii_iequal(text.substr(1, name.size()), name)) return name;
  }
  return {};
}

/// Where white space counts again: the end of the element that the text at `at` opens.
size_t end_of_kept(std::string_view html, size_t at, std::string_view name) {
  const std::string end = "</" + std::string(name);
  return std::min(find_ascii_case(html, end, at), html.size());
}

}  // namespace

std::string squeeze_indentation(std::string_view html) {
  std::string out;
  out.reserve(html.size());
  size_t copied = 0;  // up to here html is in out
  for (size_t at = 0; at < html.size();) {
    if (html[at] != '<' && html[at] != '\n') {
      ++at;
      continue;
    }
    if (html[at] == '<') {
      const std::string_view name = kept_element(html.substr(at));
      at = name.empty() ? at + 1 : end_of_kept(html, at, name);
      continue;
    }
    size_t begin = at;
    while (begin > copied && is_html_space(html[begin - 1])) --begin;
    while (at < html.size() && is_html_space(html[at])) ++at;
    out.append(html, copied, begin - copied) += '\n';
    copied = at;
  }
  return out.append(html, copied);
}

}  // namespace flamingo::html
