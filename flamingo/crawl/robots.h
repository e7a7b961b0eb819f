#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::crawl {

/// What one site's robots.txt says to one crawler. Source: RFC 9309.
class RobotsTxt {
 public:
  /// Keeps the rules of the groups that name `agent` (a product token such as "examplebot",
  /// compared without case), or those for "*" when no group names it. Never fails: what is no rule
  /// is skipped, what lies beyond the first 500 KiB is not read.
  static RobotsTxt parse(std::string_view text, std::string_view agent);

  /// Whether the path and query (percent-encoded, starting with '/') may be asked for: the longest
  /// matching rule decides, "allow" among equals; without a match everything may.
  /// Time is linear in the target for each rule, whatever its wildcards.
  bool allows(std::string_view target) const;

  /// Seconds that the site wants between requests (Crawl-delay, not part of the RFC).
  std::optional<double> crawl_delay() const { return crawl_delay_; }

 private:
  /// An Allow or Disallow line, its pattern cut at the wildcards.
  struct Rule {
    std::vector<std::string> pieces;  ///< of the pattern, between its '*'
    bool to_the_end = false;          ///< the pattern ended in '$'
    bool allow = false;
    size_t length = 0;  ///< of the pattern, to compare

    bool matches(std::string_view target) const;
  };

  static Rule parse_rule(std::string_view pattern, bool allow);
  /// Takes a line of a group that counts; other keys than rules and Crawl-delay say nothing.
  void take(std::string_view key, std::string_view value);

  std::vector<Rule> rules_;
  std::optional<double> crawl_delay_;
};

/// The product token at the start of a User-Agent value: "examplebot" of "examplebot/1.0 (+...)".
std::string_view product_token(std::string_view user_agent);

}  // namespace flamingo::crawl
