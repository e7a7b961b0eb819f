#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flamingo::corpus {

/// The host of an absolute URL as browsers spell it (of one that they refuse, in lower case),
/// without user name, port and dots at its end; empty when there is none. For block lists and keys
/// only: who dials an address parses it as crawl::WebAddress.
std::string host_of_url(std::string_view url);

/// The URL in the form that equal addresses share: normalise_url's, with no scheme, user name,
/// default port, fragment or slash at the end; what is no http, https or file address keeps all but
/// the fragment and such slashes. "HTTPS://Example.com:443/a/#top" -> "example.com/a".
std::string canonical_url(std::string_view url);

/// Hash of canonical_url; 0 for an empty one.
uint64_t url_key(std::string_view url);

}  // namespace flamingo::corpus
