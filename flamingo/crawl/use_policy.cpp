#include "flamingo/crawl/use_policy.h"

#include <algorithm>
#include <array>

#include "flamingo/core/ascii.h"
#include "flamingo/crawl/robots.h"

namespace flamingo::crawl {
namespace {

/// Directives whose value follows a colon: the word in front of it is no agent.
constexpr std::array<std::string_view, 4> kValuedDirectives = {
    "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"};

bool is_agent(std::string_view name) {
  return !name.empty() && product_token(name) == name &&
         std::none_of(kValuedDirectives.begin(), kValuedDirectives.end(),
                      [&](std::string_view known) { return ascii_iequal(name, known); });
}

bool is_listed(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), ascii_lower(word)) != list.end();
}

}  // namespace

bool UsePolicy::header_forbids(std::string_view value) const {
  bool addressed = true;
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    std::string_view directive = ascii_trim(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    const size_t colon = directive.find(':');
    if (colon != std::string_view::npos) {
      const std::string_view name = ascii_trim(directive.substr(0, colon));
      if (is_agent(name)) {
        addressed = ascii_iequal(name, agent);
        directive = ascii_trim(directive.substr(colon + 1));
      }
    }
    if (addressed && is_listed(forbidden, directive)) return true;
  }
  return false;
}

bool UsePolicy::meta_forbids(std::string_view name, std::string_view content) const {
  const std::string_view who = ascii_trim(name);
  if (!ascii_iequal(who, "robots") && !ascii_iequal(who, agent)) return false;
  return header_forbids(content);
}

}  // namespace flamingo::crawl
