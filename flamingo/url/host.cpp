#include "flamingo/url/host.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "flamingo/core/ascii.h"
#include "flamingo/text/unicode.h"
#include "flamingo/url/ip_address.h"
#include "flamingo/url/percent.h"

namespace flamingo::url {
namespace {

constexpr size_t kMaxHostTextBytes = 1024;
constexpr std::string_view kForbidden = " #/:<>?@[\\]^|%";  // and control characters

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// RFC 3492, section 6.1.
uint32_t adapt(uint32_t delta, uint32_t num_points, bool first) {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / num_points;
  uint32_t k = 0;
  for (; delta > 35 * 26 / 2; k += 36) delta /= 35;
  return k + 36 * delta / (delta + 38);
}

/// The variable-length number of RFC 3492, section 3.3.
void append_number(std::string& out, uint32_t number, uint32_t bias) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (uint32_t k = 36;; k += 36) {
    const uint32_t t = k <= bias ? 1 : std::min(k - bias, 26u);
    if (number < t) break;
    out += kDigits[t + (number - t) % (36 - t)];
    number = (number - t) / (36 - t);
  }
  out += kDigits[number];
}

/// Punycode of a label (RFC 3492, section 6.3), with "xn--" in front. The host's limit keeps all
/// numbers far below 2^32.
std::string punycode(std::string_view label) {
  std::vector<uint32_t> points;
  for (size_t i = 0; i < label.size();) {
    const text::Utf8Char c = text::decode_utf8(label, i);
    points.push_back(c.code);
    i += c.length;
  }
  std::string out = "xn--";
  uint32_t handled = 0;
  for (const uint32_t point : points) {
    if (point >= 0x80) continue;
    out += static_cast<char>(point);
    ++handled;
  }
  const uint32_t num_basic = handled;
  if (num_basic > 0) out += '-';
  uint32_t least = 0x80, delta = 0, bias = 72;
  while (handled < points.size()) {
    uint32_t next = UINT32_MAX;
    for (const uint32_t point : points) next = point >= least ? std::min(next, point) : next;
    delta += (next - least) * (handled + 1);
    for (const uint32_t point : points) {
      delta += point < next;
      if (point != next) continue;
      append_number(out, delta, bias);
      bias = adapt(delta, handled + 1, handled == num_basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    least = next + 1;
  }
  return out;
}

std::optional<std::string> idna(const std::string& name) {
  char* ascii = nullptr;
  const int code = idn2_to_ascii_8z(name.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (code != IDN2_OK) return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> owner(ascii, idn2_free);
  return std::string(ascii);
}

/// A name in Unicode with Punycode for what is not ASCII; nothing for ill-formed UTF-8.
std::optional<std::string> name_to_ascii(const std::string& name) {
  if (name.size() > kMaxHostTextBytes || text::repair_utf8(name) != name) return std::nullopt;
  if (const auto ascii = idna(name)) return ascii;
  std::string host;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string label = text::normalize_nfc(name.substr(begin, end - begin));
    const auto ascii = is_ascii(label) ? std::optional(label) : idna(label);
    host += (begin == 0 ? "" : ".") + ascii.value_or(punycode(ascii_lower(label)));
    begin = end + 1;
  }
  return host;
}

/// Whether the host's last label is a number, so that the host must be an IPv4 address.
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return false;
  if (std::ranges::all_of(last, is_ascii_digit)) return true;
  return last.starts_with("0x") && std::ranges::all_of(last.substr(2), is_ascii_hex);
}

std::optional<std::string> parse_v4(std::string host) {
  if (host.ends_with('.')) host.pop_back();
  in_addr address;
  if (::inet_aton(host.c_str(), &address) == 0) return std::nullopt;
  IpAddress canonical;
  std::memcpy(canonical.bytes.data(), &address, sizeof address);
  return canonical.text();
}

/// RFC 5952 but for embedded IPv4, which the standard writes in hex: inet_ntop writes it in dots.
std::string v6_text(const IpAddress& address) {
  const std::string text = address.text();
  const size_t dot = text.find('.');
  if (dot == text.npos) return text;
  char tail[16];
  const auto& b = address.bytes;
  std::snprintf(tail, sizeof tail, "%x:%x", b[12] << 8 | b[13], b[14] << 8 | b[15]);
  return text.substr(0, text.rfind(':') + 1) + tail;
}

}  // namespace

std::optional<std::string> parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(1, text.size() - 2));
    if (!address || !address->is_v6) return std::nullopt;
    return "[" + v6_text(*address) + "]";
  }
  const std::string name = percent_decode(text);
  const auto ascii = is_ascii(name) ? std::optional(ascii_lower(name)) : name_to_ascii(name);
  if (!ascii || ascii->empty()) return std::nullopt;
  const bool odd = std::ranges::any_of(*ascii, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f ||
           kForbidden.find(c) != kForbidden.npos;
  });
  if (odd) return std::nullopt;
  return ends_in_number(*ascii) ? parse_v4(*ascii) : ascii;
}

}  // namespace flamingo::url
