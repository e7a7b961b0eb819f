#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flamingo::html {

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

/// The absolute address that `reference`, as it stands in a page, means beside `base`, as browsers
/// read and spell it: http, https or file, or data: which stays as it is. Scheme and host are lower
/// case, a host in Unicode is Punycode, bytes that no address may hold are percent-encoded, dot
/// segments are gone; escapes stay as written. Nothing for other schemes, an http address without
/// host, a base that is not absolute and a result over max_bytes.
/// Source: url.spec.whatwg.org, 4.4, without drive letters of Windows.
std::optional<std::string> resolve_url(std::string_view base, std::string_view reference,
                                       size_t max_bytes = 1 << 20);

/// An absolute address as browsers spell it, or `url` as it is where resolve_url gives nothing.
std::string browser_url(std::string_view url);

/// One form for the addresses of one thing, to find duplicates: browser_url without fragment, with
/// escapes in upper case, those of letters, digits and "-._~!*'()" undone, and brackets, bars and
/// their like escaped, which crawlers write either way. data: addresses stay as they are.
std::string normalise_url(std::string_view url);

}  // namespace flamingo::html
