#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flamingo::crawl {

/// The words by which a site keeps its pictures out of training data: directives of the
/// X-Robots-Tag header and of <meta name="robots">.
struct UsePolicy {
  std::string agent;                   ///< product token of our crawler, for directives to it alone
  std::vector<std::string> forbidden;  ///< directives that forbid use, lower case

  /// Whether one X-Robots-Tag value forbids use: "noai", "noindex, nofollow", or after the name
  /// of our agent ("examplebot: noai"). What is said to other agents does not count.
  bool header_forbids(std::string_view value) const;

  /// Whether <meta name=NAME content=CONTENT> forbids use; NAME is "robots" or our agent's.
  bool meta_forbids(std::string_view name, std::string_view content) const;
};

}  // namespace flamingo::crawl
