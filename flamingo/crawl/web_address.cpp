#include "flamingo/crawl/web_address.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "flamingo/core/ascii.h"
#include "flamingo/crawl/ip_address.h"
#include "flamingo/crawl/url_host.h"

namespace flamingo::crawl {
namespace {

constexpr size_t kMaxAddressBytes = 8 << 10;
constexpr size_t kMaxHostBytes = 253;
constexpr size_t kMaxLabelBytes = 63;

uint16_t default_port(bool secure) { return secure ? 443 : 80; }

bool is_host_byte(char c) { return is_ascii_alnum(c) || c == '-' || c == '_'; }

/// Takes "http://" or "https://" off `rest`.
bool take_scheme(std::string_view& rest, bool& secure) {
  for (const bool candidate : {false, true}) {
    const std::string_view prefix = candidate ? "https://" : "http://";
    if (!ascii_iequal(rest.substr(0, prefix.size()), prefix)) continue;
    rest.remove_prefix(prefix.size());
    secure = candidate;
    return true;
  }
  return false;
}

/// As browsers spell it, but of few characters and without escapes.
std::optional<std::string> parse_host(std::string_view text) {
  if (text.find('%') != text.npos) return std::nullopt;
  auto host = parse_url_host(text);
  if (!host) return std::nullopt;
  if (host->ends_with('.')) host->pop_back();
  if (host->empty() || host->size() > kMaxHostBytes) return std::nullopt;
  std::string_view label;
  for (size_t begin = 0; begin <= host->size(); begin += label.size() + 1) {
    label = std::string_view(*host).substr(begin);
    label = label.substr(0, label.find('.'));
    if (label.empty() || label.size() > kMaxLabelBytes) return std::nullopt;
    if (!std::all_of(label.begin(), label.end(), is_host_byte)) return std::nullopt;
  }
  return host;
}

std::optional<std::string> parse_v6_host(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address || !address->is_v6) return std::nullopt;
  return address->text();
}

/// HOST[:PORT] into `address`, whose scheme is known.
bool parse_authority(std::string_view text, WebAddress& address) {
  const bool v6 = text.starts_with('[');
  size_t host_end = v6 ? text.find(']') : text.find(':');
  if (v6 && host_end == std::string_view::npos) return false;
  const auto host =
      v6 ? parse_v6_host(text.substr(1, host_end - 1)) : parse_host(text.substr(0, host_end));
  if (!host) return false;
  address.host = *host;
  address.port = default_port(address.secure);
  std::string_view rest = text.substr(std::min(text.size(), v6 ? host_end + 1 : host_end));
  if (rest.empty()) return true;
  if (rest.front() != ':') return false;
  rest.remove_prefix(1);
  if (rest.empty()) return true;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), address.port);
  return error == std::errc{} && end == rest.data() + rest.size() && address.port != 0;
}

/// Number of dots when a path segment is "." or "..", each dot plain or as %2e; otherwise 0.
int count_dots(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    const bool plain = segment.front() == '.';
    if (!plain && !ascii_iequal(segment.substr(0, 3), "%2e")) return 0;
    segment.remove_prefix(plain ? 1 : 3);
    ++dots;
  }
  return dots <= 2 ? dots : 0;
}

/// A path that starts with '/' without its "." and ".." segments.
std::string remove_dot_segments(std::string_view path) {
  std::string kept;
  for (size_t begin = 1; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    const int dots = count_dots(segment);
    if (dots == 2) kept.resize(kept.empty() ? 0 : kept.rfind('/'));
    if (dots == 0) kept.append("/").append(segment);
    if (dots != 0 && end == path.size()) kept += '/';
    begin = end + 1;
  }
  return kept;
}

std::string encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (!is_ascii_graphic(c) || std::strchr("\"<>`{}|^", c) != nullptr) {
      append_percent(c, encoded);
    } else {
      encoded += c;
    }
  }
  return encoded;
}

}  // namespace

std::optional<WebAddress> WebAddress::parse(std::string_view text) {
  const auto odd = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f' || c == '\\'; };
  if (text.size() > kMaxAddressBytes) return std::nullopt;
  if (std::any_of(text.begin(), text.end(), odd)) return std::nullopt;
  WebAddress address;
  if (!take_scheme(text, address.secure)) return std::nullopt;
  text = text.substr(0, text.find('#'));
  const size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  if (!parse_authority(text.substr(0, authority_end), address)) return std::nullopt;
  text.remove_prefix(authority_end);
  const size_t path_end = std::min(text.find('?'), text.size());
  std::string path(text.substr(0, path_end));
  if (path.empty()) path = "/";
  address.target = encode(remove_dot_segments(path)) + encode(text.substr(path_end));
  return address;
}

std::optional<WebAddress> WebAddress::join(std::string_view reference) const {
  const size_t colon = reference.find_first_of(":/?#");
  const bool has_scheme = colon != std::string_view::npos && reference[colon] == ':';
  const std::string whole(reference);
  if (has_scheme) return parse(whole);
  if (whole.starts_with("//")) return parse((secure ? "https:" : "http:") + whole);
  if (whole.starts_with('/')) return parse(origin() + whole);
  const std::string path = target.substr(0, target.find('?'));
  if (whole.empty() || whole.starts_with('#')) return parse(text());
  if (whole.starts_with('?')) return parse(origin() + path + whole);
  return parse(origin() + path.substr(0, path.rfind('/') + 1) + whole);
}

std::string WebAddress::origin() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string text = (secure ? "https://" : "http://") + (v6 ? "[" + host + "]" : host);
  if (port != default_port(secure)) text += ":" + std::to_string(port);
  return text;
}

}  // namespace flamingo::crawl
