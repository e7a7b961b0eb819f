#include "flamingo/corpus/url_key.h"

#include "flamingo/core/ascii.h"
#include "flamingo/corpus/words.h"
#include "flamingo/url/url.h"

namespace flamingo::corpus {
namespace {

std::string_view without_last_dots(std::string_view host) {
  while (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

std::string host_of_url(std::string_view text) {
  if (const auto url = url::Url::parse(text)) return std::string(without_last_dots(url->host));
  const auto authority = url::split_url(trim(text)).authority.value_or("");
  return ascii_lower(without_last_dots(url::split_authority(authority).host));
}

std::string canonical_url(std::string_view text) {
  const std::string normal = url::normalise_url(trim(text));
  std::string out = normal.substr(0, normal.find('#'));
  if (const auto url = url::Url::parse(normal)) {
    out = without_last_dots(url->host);
    if (url->port && url->port != 80 && url->port != 443) out += ":" + std::to_string(*url->port);
    out += url->target();
  }
  while (out.ends_with('/')) out.pop_back();
  return out;
}

uint64_t url_key(std::string_view url) {
  const std::string canonical = canonical_url(url);
  return canonical.empty() ? 0 : hash_bytes(canonical);
}

}  // namespace flamingo::corpus
