#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flamingo::testing {

/// "" when every element is closed in order and no '<', '&' or quote is out of place, else what is
/// wrong. Knows XML and the HTML of our pages (<!DOCTYPE>, <meta>).
inline std::string markup_mistake(std::string_view text) {
  std::vector<std::string> open;
  for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    const size_t end = text.find('>', at);
    if (end == std::string_view::npos) return "no end of " + std::string(text.substr(at, 40));
    const std::string_view tag = text.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string_view::npos) return "'<' within " + std::string(tag);
    int quotes = 0;
    for (const char c : tag) quotes += c == '"';
    if (quotes % 2 != 0) return "odd quotes in " + std::string(tag);
    const std::string name(tag.substr(0, tag.find_first_of(" \n/", 1)));
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != tag) return "unexpected " + std::string(tag);
      open.pop_back();
    } else if (!tag.ends_with('/') && name != "!DOCTYPE" && name != "meta") {
      open.push_back(name);
    }
  }
  for (size_t at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1)) {
    if (text.find(';', at) > at + 7) return "bare & in " + std::string(text.substr(at, 20));
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

/// How often `part` stands in `text`.
inline int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace flamingo::testing
