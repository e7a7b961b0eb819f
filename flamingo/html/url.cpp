#include "flamingo/html/url.h"

#include <charconv>
#include <vector>

#include "flamingo/crawl/percent.h"
#include "flamingo/crawl/url_host.h"
#include "flamingo/html/data_url.h"
#include "flamingo/html/html_space.h"

namespace flamingo::html {
namespace {

/// Bytes that are percent-encoded where they stand, beside controls and what is not ASCII
/// (url.spec.whatwg.org, 1.3).
constexpr std::string_view kFragmentSet = " \"<>`";
constexpr std::string_view kQuerySet = " \"#<>'";
constexpr std::string_view kPathSet = " \"#<>?^`{}";
constexpr std::string_view kUserSet = " \"#<>?^`{}/:;=@[\\]|";

bool is_scheme(std::string_view text) {
  return !text.empty() && is_ascii_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool is_slash(char c) { return c == '/' || c == '\\'; }

bool begins_with_slash(std::string_view text) { return !text.empty() && is_slash(text.front()); }

void append_encoded(std::string& out, std::string_view text, std::string_view set) {
  for (const char c : text) {
    if (is_ascii_graphic(c) && set.find(c) == set.npos) {
      out += c;
    } else {
      append_percent(c, out);
    }
  }
}

/// An address taken apart, each piece as it is written again.
struct Address {
  std::string scheme;
  std::string authority;
  std::vector<std::string> path;
  std::optional<std::string> query;
  std::optional<std::string> fragment;
};

std::string write(const Address& address, bool with_fragment) {
  std::string url = address.scheme + "://" + address.authority;
  for (const std::string& segment : address.path) url += "/" + segment;
  if (address.query) url += "?" + *address.query;
  if (address.fragment && with_fragment) url += "#" + *address.fragment;
  return url;
}

/// 1 for ".", 2 for "..", each dot plain or as %2e; 0 for other segments.
int count_dots(std::string_view segment) {
  int dots = 0;
  for (; !segment.empty(); ++dots) {
    const bool plain = segment.front() == '.';
    if (!plain && !ascii_iequal(segment.substr(0, 3), "%2e")) return 0;
    segment.remove_prefix(plain ? 1 : 3);
  }
  return dots <= 2 ? dots : 0;
}

/// Adds the segments of `text`, which stands behind a slash.
void append_path(std::vector<std::string>& path, std::string_view text) {
  while (true) {
    const size_t end = std::min(text.find_first_of("/\\"), text.size());
    const int dots = count_dots(text.substr(0, end));
    const bool last = end == text.size();
    if (dots == 2 && !path.empty()) path.pop_back();
    if (dots == 0) append_encoded(path.emplace_back(), text.substr(0, end), kPathSet);
    if (dots != 0 && last) path.emplace_back();
    if (last) return;
    text.remove_prefix(end + 1);
  }
}

/// Takes "?query" and "#fragment" off the end of `text`.
void take_tail(std::string_view& text, Address& address) {
  if (const size_t hash = text.find('#'); hash != text.npos) {
    append_encoded(address.fragment.emplace(), text.substr(hash + 1), kFragmentSet);
    text = text.substr(0, hash);
  }
  if (const size_t mark = text.find('?'); mark != text.npos) {
    append_encoded(address.query.emplace(), text.substr(mark + 1), kQuerySet);
    text = text.substr(0, mark);
  }
}

/// ":port" behind the host, unless it is the scheme's own; nothing for what is no port.
std::optional<std::string> read_port(std::string_view text, std::string_view scheme) {
  if (text.empty()) return "";
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const bool implied = port == (scheme == "http" ? 80 : 443);
  return implied ? "" : ":" + std::to_string(port);
}

/// USER:PASSWORD@HOST:PORT of an http or https address.
std::optional<std::string> read_authority(std::string_view text, std::string_view scheme) {
  std::string out;
  if (const size_t at = text.rfind('@'); at != text.npos) {
    const std::string_view user = text.substr(0, at);
    const size_t colon = std::min(user.find(':'), user.size());
    append_encoded(out, user.substr(0, colon), kUserSet);
    const std::string_view password = user.substr(std::min(colon + 1, user.size()));
    if (!password.empty()) out += ":";
    append_encoded(out, password, kUserSet);
    if (!out.empty()) out += "@";
    text.remove_prefix(at + 1);
  }
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  const size_t host_end = std::min(text.find(':', std::min(bracket, text.size())), text.size());
  const auto host = crawl::parse_url_host(text.substr(0, host_end));
  const auto port = read_port(text.substr(std::min(host_end + 1, text.size())), scheme);
  if (!host || !port) return std::nullopt;
  return out + *host + *port;
}

/// What follows "scheme:" and any slashes, but for the tail: authority and path.
bool read_behind_slashes(std::string_view text, Address& address) {
  const size_t end = std::min(text.find_first_of("/\\"), text.size());
  const auto authority = read_authority(text.substr(0, end), address.scheme);
  if (!authority) return false;
  address.authority = *authority;
  append_path(address.path, text.substr(std::min(end + 1, text.size())));
  return true;
}

/// file: and any number of slashes; of hosts only the own machine, which is written as none.
bool read_file(std::string_view text, Address& address) {
  if (text.size() >= 2 && is_slash(text[0]) && is_slash(text[1])) {
    text.remove_prefix(2);
    address.authority.clear();
    const size_t end = std::min(text.find_first_of("/\\"), text.size());
    if (end > 0) {
      const auto host = crawl::parse_url_host(text.substr(0, end));
      if (!host) return false;
      if (*host != "localhost") address.authority = *host;
    }
    text.remove_prefix(end);
  }
  append_path(address.path, text.substr(begins_with_slash(text)));
  return true;
}

/// A reference without scheme, or with the base's own and no slashes behind it.
bool read_relative(std::string_view text, const Address& base, Address& address) {
  address.authority = base.authority;
  if (text.size() >= 2 && is_slash(text[0]) && is_slash(text[1])) {
    if (base.scheme == "file") return read_file(text, address);
    while (begins_with_slash(text)) text.remove_prefix(1);
    return read_behind_slashes(text, address);
  }
  if (begins_with_slash(text)) {
    append_path(address.path, text.substr(1));
    return true;
  }
  address.path = base.path;
  if (text.empty()) {
    if (!address.query) address.query = base.query;
    return true;
  }
  if (!address.path.empty()) address.path.pop_back();
  append_path(address.path, text);
  return true;
}

/// Without white space and controls around it, and line ends and tabs within.
std::string clean_reference(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  std::string clean;
  for (const char c : text) {
    if (c != '\t' && c != '\n' && c != '\r') clean += c;
  }
  return clean;
}

std::optional<Address> read_address(std::string_view reference, const Address* base) {
  const std::string clean = clean_reference(reference);
  std::string_view text = clean;
  const size_t colon = text.find(':');
  const bool has_scheme = colon != text.npos && is_scheme(text.substr(0, colon));
  if (!has_scheme && base == nullptr) return std::nullopt;
  Address address;
  address.scheme = has_scheme ? ascii_lower(text.substr(0, colon)) : base->scheme;
  const bool is_file = address.scheme == "file";
  if (!is_file && address.scheme != "http" && address.scheme != "https") return std::nullopt;
  if (has_scheme) text.remove_prefix(colon + 1);
  take_tail(text, address);
  const bool own = base != nullptr && address.scheme == base->scheme;
  bool good = false;
  if (own && (!has_scheme || is_file || !text.starts_with("//"))) {
    good = read_relative(text, *base, address);
  } else if (is_file) {
    good = read_file(text, address);
  } else {
    while (begins_with_slash(text)) text.remove_prefix(1);
    good = read_behind_slashes(text, address);
  }
  return good ? std::optional(std::move(address)) : std::nullopt;
}

/// In the form that addresses of one thing share (see normalise_url).
std::string normalise_escapes(std::string_view text) {
  constexpr std::string_view kMarks = "-._~!*'()";
  constexpr std::string_view kEitherWay = " \"<>\\^`{|}[]";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && is_ascii_hex(text[i + 1]) &&
                        is_ascii_hex(text[i + 2]);
    const char c = escape ? crawl::percent_decode(text.substr(i, 3))[0] : text[i];
    const bool plain = is_ascii_alnum(c) || kMarks.find(c) != kMarks.npos;
    const bool bad = !is_ascii_graphic(c) || kEitherWay.find(c) != kEitherWay.npos;
    if (bad || (escape && !plain)) {
      append_percent(c, out);
    } else {
      out += c;
    }
    i += escape ? 2 : 0;
  }
  return out;
}

}  // namespace

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  const size_t colon = url.find_first_of(":/?#");
  if (colon != std::string_view::npos && url[colon] == ':' && is_scheme(url.substr(0, colon))) {
    parts.scheme = url.substr(0, colon);
    url.remove_prefix(colon + 1);
  }
  if (const size_t hash = url.find('#'); hash != std::string_view::npos) {
    parts.fragment = url.substr(hash + 1);
    url = url.substr(0, hash);
  }
  if (const size_t mark = url.find('?'); mark != std::string_view::npos) {
    parts.query = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  if (url.starts_with("//")) {
    parts.authority = url.substr(2, url.find('/', 2) - 2);
    url.remove_prefix(2 + parts.authority->size());
  }
  parts.path = url;
  return parts;
}

std::optional<std::string> resolve_url(std::string_view base, std::string_view reference,
                                       size_t max_bytes) {
  reference = trim_html_space(reference);
  if (is_data_url(reference)) {
    if (reference.size() > max_bytes) return std::nullopt;
    return std::string(reference);
  }
  if (base.size() + reference.size() > max_bytes) return std::nullopt;
  const auto from = read_address(base, nullptr);
  const auto to = read_address(reference, from ? &*from : nullptr);
  if (!to) return std::nullopt;
  std::string url = write(*to, true);
  return url.size() <= max_bytes ? std::optional(std::move(url)) : std::nullopt;
}

std::string browser_url(std::string_view url) {
  const auto address = read_address(url, nullptr);
  return address ? write(*address, true) : std::string(url);
}

std::string normalise_url(std::string_view url) {
  auto address = read_address(url, nullptr);
  if (!address) return std::string(url);
  for (std::string& segment : address->path) segment = normalise_escapes(segment);
  if (address->query) address->query = normalise_escapes(*address->query);
  return write(*address, false);
}

}  // namespace flamingo::html
