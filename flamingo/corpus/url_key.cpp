#include "flamingo/corpus/url_key.h"

#include <algorithm>

#include "flamingo/corpus/words.h"
#include "flamingo/crawl/url_host.h"
#include "flamingo/html/url.h"

namespace flamingo::corpus {
namespace {

/// Views into a URL, as far as keys need them.
struct HostParts {
  std::string_view host;  ///< "[...]" of an IPv6 address included
  std::string_view port;
  std::string_view rest;  ///< path and query, no fragment
};

HostParts split_host(std::string_view url) {
  url = trim(url);
  url = url.substr(0, url.find('#'));
  const size_t slashes = url.find("://");
  HostParts parts;
  if (slashes == std::string_view::npos) {
    parts.rest = url;
    return parts;
  }
  url.remove_prefix(slashes + 3);
  const size_t path = std::min(url.find_first_of("/?\\"), url.size());
  parts.rest = url.substr(path);
  parts.host = url.substr(0, path);
  const size_t at = parts.host.rfind('@');
  if (at != std::string_view::npos) parts.host.remove_prefix(at + 1);
  const size_t colon = parts.host.rfind(':');
  if (colon != std::string_view::npos && parts.host.find(']', colon) == std::string_view::npos) {
    parts.port = parts.host.substr(colon + 1);
    parts.host = parts.host.substr(0, colon);
  }
  while (parts.host.ends_with('.')) parts.host.remove_suffix(1);
  return parts;
}

std::string lower(std::string_view ascii) {
  std::string out(ascii);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace

std::string host_of_url(std::string_view url) {
  const std::string_view host = split_host(url).host;
  return crawl::parse_url_host(host).value_or(lower(host));
}

std::string canonical_url(std::string_view url) {
  const std::string normal = html::normalise_url(trim(url));
  HostParts parts = split_host(normal);
  std::string out = lower(parts.host);
  if (!parts.port.empty() && parts.port != "80" && parts.port != "443") {
    out.append(":").append(parts.port);
  }
  while (parts.rest.ends_with('/')) parts.rest.remove_suffix(1);
  return out.append(parts.rest);
}

uint64_t url_key(std::string_view url) {
  const std::string canonical = canonical_url(url);
  return canonical.empty() ? 0 : hash_bytes(canonical);
}

}  // namespace flamingo::corpus
