#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::url {

/// An http:, https: or file: address taken apart, each part as browsers spell it. What reads, joins
/// or compares addresses of the web goes through this one parser.
struct Url {
  std::string scheme;             ///< "http", "https" or "file"
  std::string user;               ///< "NAME" or "NAME:PASSWORD", percent-encoded; may be empty
  std::string host;               ///< see parse_host; empty only where the scheme is "file"
  std::optional<uint16_t> port;   ///< absent: the scheme's own
  std::vector<std::string> path;  ///< what is after each '/': no dot segments
  std::optional<std::string> query;
  std::optional<std::string> fragment;

  /// Reads an address, or a reference as it is in a page whose address is `base`. Scheme and
  /// host are lower case, a host in Unicode is Punycode, bytes that no address may hold are
  /// percent-encoded, dot segments are gone; escapes stay as written. Nothing for other schemes, an
  /// http address without host, a port over 65535 and a reference without base.
  /// Source: url.spec.whatwg.org, 4.4, without drive letters of Windows.
  static std::optional<Url> parse(std::string_view text, const Url* base = nullptr);

  /// Path and query: "/a/b?c".
  std::string target() const;
  /// The address, with its fragment if it has one.
  std::string text() const;
};

/// The five components of a URI reference (RFC 3986, section 3); views into the text it was split
/// from. A component that is absent differs from an empty one ("http:" has no authority).
struct UrlParts {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::string_view path;
  std::optional<std::string_view> query;
  std::optional<std::string_view> fragment;
};

/// Cuts an address at its delimiters (RFC 3986, appendix B); no part is checked or decoded.
UrlParts split_url(std::string_view url);

/// The views of an authority "USER@HOST:PORT"; an IPv6 host keeps its brackets.
struct Authority {
  std::optional<std::string_view> user;
  std::string_view host;
  std::string_view port;  ///< empty: none
};

/// Cuts an authority at its last '@' and the ':' after the host; no part is checked or decoded.
Authority split_authority(std::string_view text);

/// The absolute address that `reference`, as it is in a page, means next to `base` (see
/// Url::parse), or a data: address as it is. Nothing where Url::parse reads nothing and for a
/// result over max_bytes.
std::optional<std::string> resolve_url(std::string_view base, std::string_view reference,
                                       size_t max_bytes = 1 << 20);

/// An absolute address as browsers spell it, or `url` as it is where resolve_url gives nothing.
std::string browser_url(std::string_view url);

/// One form for the addresses of one thing, to find duplicates: browser_url without fragment, with
/// escapes in upper case, those of letters, digits and "-._~!*'()" undone, and brackets, bars and
/// their like escaped, which crawlers write either way. data: addresses stay as they are.
std::string normalise_url(std::string_view url);

}  // namespace flamingo::url
