#include "flamingo/html/url.h"

#include "flamingo/html/data_url.h"
#include "flamingo/html/html_space.h"

namespace flamingo {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_scheme(std::string_view text) {
  return !text.empty() && is_ascii_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool is_web_scheme(std::string_view scheme) {
  return ascii_iequal(scheme, "http") || ascii_iequal(scheme, "https");
}

/// RFC 3986, section 5.2.4.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path.size() == 3 ? std::string_view("/") : path.substr(3);
      const size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      const std::string_view segment = path.substr(0, path.find('/', 1));
      out += segment;
      path.remove_prefix(segment.size());
    }
  }
  return out;
}

/// RFC 3986, section 5.2.3.
std::string merge_paths(const UrlParts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const size_t slash = base.path.rfind('/');
  return std::string(base.path.substr(0, slash == std::string_view::npos ? 0 : slash + 1)) +
         std::string(path);
}

/// RFC 3986, section 5.3, with the path given apart.
std::string compose(const UrlParts& parts, std::string_view path) {
  std::string url;
  if (parts.scheme) url.append(*parts.scheme) += ':';
  if (parts.authority) url.append("//") += *parts.authority;
  url += path;
  if (parts.query) url.append("?") += *parts.query;
  if (parts.fragment) url.append("#") += *parts.fragment;
  return url;
}

/// A reference as browsers read it: no white space around, no line ends or tabs within, slashes
/// for backslashes up to the query.
std::string clean_reference(std::string_view reference) {
  std::string clean;
  bool in_path = true;
  for (const char c : trim_html_space(reference)) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    in_path = in_path && c != '?' && c != '#';
    clean += in_path && c == '\\' ? '/' : c;
  }
  return clean;
}

int hex_value(char c) {
  const size_t digit = kHexDigits.find(is_ascii_alpha(c) ? static_cast<char>(c & ~0x20) : c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

bool is_unreserved(char c) {
  return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
}

/// `text` with escapes in upper case, those of unreserved characters undone, and bytes escaped that
/// may not stand in an address.
std::string normalise_escapes(std::string_view text) {
  constexpr std::string_view kForbidden = " \"<>\\^`{|}";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int high = c == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      const char escaped = static_cast<char>(high * 16 + low);
      if (is_unreserved(escaped)) {
        out += escaped;
      } else {
        append_escaped(out, escaped);
      }
      i += 2;
    } else if (const auto byte = static_cast<unsigned char>(c);
               byte < 0x20 || byte >= 0x7f || kForbidden.find(c) != std::string_view::npos) {
      append_escaped(out, c);
    } else {
      out += c;
    }
  }
  return out;
}

/// The authority with its host in lower case and without the port that its scheme implies.
std::string normalise_authority(std::string_view authority, std::string_view scheme) {
  const size_t at = authority.rfind('@');
  const size_t host_begin = at == std::string_view::npos ? 0 : at + 1;
  std::string host = ascii_lower(authority.substr(host_begin));
  const std::string_view port = scheme == "http" ? ":80" : scheme == "https" ? ":443" : ":";
  if (host.ends_with(port)) host.resize(host.size() - port.size());
  if (host.ends_with(':')) host.pop_back();
  return std::string(authority.substr(0, host_begin)) + host;
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

std::string resolve_reference(std::string_view base, std::string_view reference) {
  const UrlParts from = split_url(base);
  UrlParts to = split_url(reference);
  if (to.scheme) return compose(to, remove_dot_segments(to.path));
  to.scheme = from.scheme;
  if (to.authority) return compose(to, remove_dot_segments(to.path));
  to.authority = from.authority;
  if (to.path.empty()) {
    if (!to.query) to.query = from.query;
    return compose(to, from.path);
  }
  if (to.path.starts_with('/')) return compose(to, remove_dot_segments(to.path));
  return compose(to, remove_dot_segments(merge_paths(from, to.path)));
}

std::optional<std::string> resolve_url(std::string_view base, std::string_view reference,
                                       size_t max_bytes) {
  reference = trim_html_space(reference);
  if (is_data_url(reference)) {
    if (reference.size() > max_bytes) return std::nullopt;
    return std::string(reference);
  }
  if (base.size() + reference.size() > max_bytes) return std::nullopt;
  std::string url = resolve_reference(base, clean_reference(reference));
  const UrlParts parts = split_url(url);
  if (!parts.scheme) return std::nullopt;
  const bool web = is_web_scheme(*parts.scheme);
  if (web && (!parts.authority || parts.authority->empty())) return std::nullopt;
  if (!web && !ascii_iequal(*parts.scheme, "file")) return std::nullopt;
  return url;
}

std::string normalise_url(std::string_view url) {
  UrlParts parts = split_url(url);
  if (!parts.scheme || is_data_url(url)) return std::string(url);
  const std::string scheme = ascii_lower(*parts.scheme);
  parts.scheme = scheme;
  std::string authority;
  if (parts.authority) {
    authority = normalise_authority(*parts.authority, scheme);
    parts.authority = authority;
  }
  std::string path = remove_dot_segments(normalise_escapes(parts.path));
  if (path.empty() && is_web_scheme(scheme)) path = "/";
  std::string query;
  if (parts.query) {
    query = normalise_escapes(*parts.query);
    parts.query = query;
  }
  parts.fragment.reset();
  return compose(parts, path);
}

}  // namespace flamingo
