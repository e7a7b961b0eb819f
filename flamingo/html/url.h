#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flamingo {

/// The five components of a URI reference (RFC 3986, section 3); views into the text it was split
/// from. A component that is absent differs from an empty one ("http:" has no authority).
struct UrlParts {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::string_view path;
  std::optional<std::string_view> query;
  std::optional<std::string_view> fragment;
};

UrlParts split_url(std::string_view url);

/// `reference` against `base` by the letter of RFC 3986, section 5.2, for any scheme.
std::string resolve_reference(std::string_view base, std::string_view reference);

/// The absolute address that `reference`, as it stands in a page, means beside `base`: http, https
/// or file, or data: which stays as it is. As in browsers white space around it and line ends in
/// it do not count and a backslash before the query is a slash. Nothing for other schemes, for an
/// http address without host, for a base that is not absolute and for a result over max_bytes.
std::optional<std::string> resolve_url(std::string_view base, std::string_view reference,
                                       size_t max_bytes = 1 << 20);

/// One form for the addresses of one thing, to find duplicates: scheme and host in lower case, no
/// default port, no fragment, no dot segments, "/" for an empty path, bytes that no address may
/// hold percent-encoded, escapes in upper case and only where needed (RFC 3986, section 6.2).
/// data: addresses stay as they are.
std::string normalise_url(std::string_view url);

}  // namespace flamingo
