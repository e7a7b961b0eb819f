#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flamingo::corpus {

/// The host of an absolute URL as browsers spell it, without user name, port and a dot at its end;
/// empty when there is none. For block lists and keys only: who dials an address must parse it
/// strictly.
std::string host_of_url(std::string_view url);

/// The URL in the form that equal addresses share: normalise_url's, with no scheme, user name,
/// default port, fragment or slash at the end. "HTTPS://Example.com:443/a/#top" -> "example.com/a".
std::string canonical_url(std::string_view url);

/// Hash of canonical_url; 0 for an empty one.
uint64_t url_key(std::string_view url);

}  // namespace flamingo::corpus
