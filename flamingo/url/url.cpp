#include "flamingo/url/url.h"

#include <algorithm>
#include <charconv>

#include "flamingo/core/ascii.h"
#include "flamingo/url/data_url.h"
#include "flamingo/url/host.h"
#include "flamingo/url/percent.h"

namespace flamingo::url {
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

/// Adds the segments of `text`, which is after a slash.
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
void take_tail(std::string_view& text, Url& url) {
  if (const size_t hash = text.find('#'); hash != text.npos) {
    append_encoded(url.fragment.emplace(), text.substr(hash + 1), kFragmentSet);
    text = text.substr(0, hash);
  }
  if (const size_t mark = text.find('?'); mark != text.npos) {
    append_encoded(url.query.emplace(), text.substr(mark + 1), kQuerySet);
    text = text.substr(0, mark);
  }
}

uint16_t port_of(std::string_view scheme) { return scheme == "http" ? 80 : 443; }

/// The text after a host's ':', which may be empty; false for what is no port.
bool read_port(std::string_view text, Url& url) {
  if (text.empty()) return true;
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (port != port_of(url.scheme)) url.port = port;
  return true;
}

/// USER:PASSWORD@HOST:PORT of an http or https address.
bool read_authority(std::string_view text, Url& url) {
  const Authority parts = split_authority(text);
  const std::string_view user = parts.user.value_or("");
  const size_t colon = std::min(user.find(':'), user.size());
  append_encoded(url.user, user.substr(0, colon), kUserSet);
  const std::string_view password = user.substr(std::min(colon + 1, user.size()));
  if (!password.empty()) url.user += ":";
  append_encoded(url.user, password, kUserSet);
  const auto host = parse_host(parts.host);
  if (!host) return false;
  url.host = *host;
  return read_port(parts.port, url);
}

/// What follows "scheme:" and any slashes, but for the tail: authority and path.
bool read_behind_slashes(std::string_view text, Url& url) {
  const size_t end = std::min(text.find_first_of("/\\"), text.size());
  if (!read_authority(text.substr(0, end), url)) return false;
  append_path(url.path, text.substr(std::min(end + 1, text.size())));
  return true;
}

/// file: and any number of slashes; of hosts only the own machine, which is written as none.
bool read_file(std::string_view text, Url& url) {
  if (text.size() >= 2 && is_slash(text[0]) && is_slash(text[1])) {
    text.remove_prefix(2);
    url.host.clear();
    const size_t end = std::min(text.find_first_of("/\\"), text.size());
    if (end > 0) {
      const auto host = parse_host(text.substr(0, end));
      if (!host) return false;
      if (*host != "localhost") url.host = *host;
    }
    text.remove_prefix(end);
  }
  append_path(url.path, text.substr(begins_with_slash(text)));
  return true;
}

/// A reference whose path its base does not begin.
bool read_absolute(std::string_view text, Url& url) {
  if (url.scheme == "file") return read_file(text, url);
  while (begins_with_slash(text)) text.remove_prefix(1);
  return read_behind_slashes(text, url);
}

/// A reference without scheme, or with the base's own and no slashes after it.
bool read_relative(std::string_view text, const Url& base, Url& url) {
  if (text.size() >= 2 && is_slash(text[0]) && is_slash(text[1])) return read_absolute(text, url);
  url.user = base.user;
  url.host = base.host;
  url.port = base.port;
  if (begins_with_slash(text)) {
    append_path(url.path, text.substr(1));
    return true;
  }
  url.path = base.path;
  if (text.empty()) {
    if (!url.query) url.query = base.query;
    return true;
  }
  if (!url.path.empty()) url.path.pop_back();
  append_path(url.path, text);
  return true;
}

/// Whether `text`, without its scheme, is read against the base; see read_relative().
bool is_relative(std::string_view text, bool has_scheme, const Url* base, const Url& url) {
  if (base == nullptr || url.scheme != base->scheme) return false;
  return !has_scheme || url.scheme == "file" || !text.starts_with("//");
}

bool is_known_scheme(std::string_view scheme) {
  return scheme == "file" || scheme == "http" || scheme == "https";
}

/// Without white space and controls around it.
std::string_view trim_controls(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

/// Without white space and controls around it, and line ends and tabs within.
std::string clean_reference(std::string_view text) {
  std::string clean;
  for (const char c : trim_controls(text)) {
    if (c != '\t' && c != '\n' && c != '\r') clean += c;
  }
  return clean;
}

/// In the form that addresses of one thing share (see normalise_url).
std::string normalise_escapes(std::string_view text) {
  constexpr std::string_view kMarks = "-._~!*'()";
  constexpr std::string_view kEitherWay = " \"<>\\^`{|}[]";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && is_ascii_hex(text[i + 1]) &&
                        is_ascii_hex(text[i + 2]);
    const char c = escape ? percent_decode(text.substr(i, 3))[0] : text[i];
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

std::optional<Url> Url::parse(std::string_view reference, const Url* base) {
  const std::string clean = clean_reference(reference);
  std::string_view text = clean;
  const size_t colon = text.find(':');
  const bool has_scheme = colon != text.npos && is_scheme(text.substr(0, colon));
  if (!has_scheme && base == nullptr) return std::nullopt;
  Url url;
  url.scheme = has_scheme ? ascii_lower(text.substr(0, colon)) : base->scheme;
  if (!is_known_scheme(url.scheme)) return std::nullopt;
  if (has_scheme) text.remove_prefix(colon + 1);
  take_tail(text, url);
  const bool good = is_relative(text, has_scheme, base, url) ? read_relative(text, *base, url)
                                                             : read_absolute(text, url);
  return good ? std::optional(std::move(url)) : std::nullopt;
}

std::string Url::target() const {
  std::string out;
  for (const std::string& segment : path) out += "/" + segment;
  if (query) out += "?" + *query;
  return out;
}

std::string Url::text() const {
  std::string out = scheme + "://";
  if (!user.empty()) out += user + "@";
  out += host;
  if (port) out += ":" + std::to_string(*port);
  out += target();
  if (fragment) out += "#" + *fragment;
  return out;
}

Authority split_authority(std::string_view text) {
  Authority parts;
  if (const size_t at = text.rfind('@'); at != text.npos) {
    parts.user = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  const size_t end = std::min(text.find(':', std::min(bracket, text.size())), text.size());
  parts.host = text.substr(0, end);
  parts.port = text.substr(std::min(end + 1, text.size()));
  return parts;
}

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
  reference = trim_controls(reference);
  if (is_data_url(reference)) {
    if (reference.size() > max_bytes) return std::nullopt;
    return std::string(reference);
  }
  if (base.size() + reference.size() > max_bytes) return std::nullopt;
  const auto from = Url::parse(base);
  const auto to = Url::parse(reference, from ? &*from : nullptr);
  if (!to) return std::nullopt;
  std::string url = to->text();
  return url.size() <= max_bytes ? std::optional(std::move(url)) : std::nullopt;
}

std::string browser_url(std::string_view text) {
  const auto url = Url::parse(text);
  return url ? url->text() : std::string(text);
}

std::string normalise_url(std::string_view text) {
  auto url = Url::parse(text);
  if (!url) return std::string(text);
  for (std::string& segment : url->path) segment = normalise_escapes(segment);
  if (url->query) url->query = normalise_escapes(*url->query);
  url->fragment.reset();
  return url->text();
}

}  // namespace flamingo::url
