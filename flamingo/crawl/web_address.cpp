#include "flamingo/crawl/web_address.h"

#include <algorithm>

#include "flamingo/core/ascii.h"
#include "flamingo/url/ip_address.h"
#include "flamingo/url/url.h"

namespace flamingo::crawl {
namespace {

constexpr size_t kMaxAddressBytes = 8 << 10;
constexpr size_t kMaxHostBytes = 253;
constexpr size_t kMaxLabelBytes = 63;

uint16_t default_port(bool secure) { return secure ? 443 : 80; }

bool is_host_byte(char c) { return is_ascii_alnum(c) || c == '-' || c == '_'; }

/// No more than an address may have, without control characters and backslashes.
bool is_plain(std::string_view text) {
  return text.size() <= kMaxAddressBytes && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < ' ' || c == '\x7f' || c == '\\';
         });
}

/// Whether the text spells out "http://" or "https://" and a host, without user and escapes.
bool is_spelt_out(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!ascii_iequal(text.substr(0, scheme.size()), scheme)) continue;
    text.remove_prefix(scheme.size());
    const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
    return !authority.empty() && authority.find_first_of("@%") == authority.npos;
  }
  return false;
}

/// A name of few characters, in labels of a length that DNS has.
bool is_name(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  for (size_t begin = 0; begin <= host.size();) {
    const std::string_view label = host.substr(begin, host.find('.', begin) - begin);
    if (label.empty() || label.size() > kMaxLabelBytes) return false;
    if (!std::ranges::all_of(label, is_host_byte)) return false;
    begin += label.size() + 1;
  }
  return true;
}

/// Of a host as browsers spell it, the form that is dialled.
std::optional<std::string> dialled_host(std::string_view host) {
  if (host.starts_with('['))
    return url::IpAddress::parse(host.substr(1, host.size() - 2)).value().text();
  if (host.ends_with('.')) host.remove_suffix(1);
  return is_name(host) ? std::optional(std::string(host)) : std::nullopt;
}

/// Servers get these escaped, whether browsers escape them there or not.
std::string escape_odd(std::string_view text) {
  constexpr std::string_view kOdd = "\"<>`{}|^";
  std::string escaped;
  for (const char c : text) {
    if (kOdd.find(c) == kOdd.npos) {
      escaped += c;
    } else {
      append_percent(c, escaped);
    }
  }
  return escaped;
}

}  // namespace

std::optional<WebAddress> WebAddress::parse(std::string_view text) {
  if (!is_plain(text) || !is_spelt_out(text)) return std::nullopt;
  const auto read = url::Url::parse(text);
  if (!read || read->port == 0) return std::nullopt;
  const auto host = dialled_host(read->host);
  if (!host) return std::nullopt;
  const bool secure = read->scheme == "https";
  return WebAddress{.secure = secure,
                    .host = *host,
                    .port = read->port.value_or(default_port(secure)),
                    .target = escape_odd(read->target())};
}

std::optional<WebAddress> WebAddress::join(std::string_view reference) const {
  if (!is_plain(reference)) return std::nullopt;
  if (url::split_url(reference).scheme) return parse(reference);
  if (reference.starts_with("//"))
    return parse((secure ? "https:" : "http:") + std::string(reference));
  const auto base = url::Url::parse(text());
  const auto joined = url::Url::parse(reference, base ? &*base : nullptr);
  return joined ? parse(joined->text()) : std::nullopt;
}

std::string WebAddress::origin() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string text = (secure ? "https://" : "http://") + (v6 ? "[" + host + "]" : host);
  if (port != default_port(secure)) text += ":" + std::to_string(port);
  return text;
}

}  // namespace flamingo::crawl
