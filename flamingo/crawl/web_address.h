#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flamingo::crawl {

/// The address of something on the web, taken apart once: what is checked, what is dialled, what
/// robots.txt is asked about and what is sent are these same fields.
struct WebAddress {
  bool secure = false;  ///< https rather than http
  std::string host;     ///< lower case; an IPv6 address without brackets, IPv4 as four numbers
  uint16_t port = 0;
  std::string target;  ///< path and query, percent-encoded, no dot segments; starts with '/'

  /// Reads what url::Url reads of an absolute http: or https: address and is not refused here.
  /// The fragment and a dot at the host's end are dropped; '"<>`{}|^' of path and query are
  /// percent-encoded too. Nothing for another scheme, fewer or more than two slashes, user names,
  /// backslashes, control characters, escapes in the host, hosts that are not ASCII letters,
  /// digits, '.', '-' and '_' once names in Unicode are Punycode, port 0, and over 8 KiB.

  static std::optional<WebAddress> parse(std::string_view text);

  /// Where a Location or src value on this page leads; nothing as for parse().
  std::optional<WebAddress> join(std::string_view reference) const;

  /// "https://example.org" or "http://[::1]:8080": scheme, host and a port that is not the default.
  std::string origin() const;
  /// The whole address, as parse() reads it.
  std::string text() const { return origin() + target; }
};

}  // namespace flamingo::crawl
