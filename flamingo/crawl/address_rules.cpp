#include "flamingo/crawl/address_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "flamingo/core/error.h"

namespace flamingo::crawl {
namespace {

constexpr const char* kRulesWhere = "address rules";

/// IPv4 that is never the public internet.
constexpr std::array kClosedV4 = {
    "0.0.0.0/8",         // this network
    "10.0.0.0/8",        // private
    "100.64.0.0/10",     // carrier-grade NAT; one cloud's metadata service
    "127.0.0.0/8",       // loopback
    "168.63.129.16/32",  // another cloud's metadata service, in public space
    "169.254.0.0/16",    // link-local; most clouds' metadata service
    "172.16.0.0/12",     // private
    "192.0.0.0/24",      // protocol assignments; a third cloud's metadata service
    "192.0.2.0/24",      // documentation
    "192.88.99.0/24",    // 6to4 relays
    "192.168.0.0/16",    // private
    "198.18.0.0/15",     // benchmarks
    "198.51.100.0/24",   // documentation
    "203.0.113.0/24",    // documentation
    "224.0.0.0/4",       // multicast
    "240.0.0.0/4",       // reserved, broadcast
};
constexpr const char* kGlobalV6 = "2000::/3";
/// Parts of kGlobalV6 that are not public all the same.
constexpr std::array kClosedV6 = {
    "2001::/23",      // protocol assignments: Teredo, ORCHID, benchmarks
    "2001:db8::/32",  // documentation
    "2002::/16",      // 6to4
    "3fff::/20",      // documentation
};

template <class Number>
Number parse_number(std::string_view text, int most, std::string_view whole) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0 || number > most) {
    fail(kRulesWhere, "expected a number up to {} in \"{}\", got \"{}\"", most, whole, text);
  }
  return number;
}

url::IpRange parse_range(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = url::IpAddress::parse(text.substr(0, slash));
  if (!address) fail(kRulesWhere, "expected ADDRESS[/BITS], got \"{}\"", text);
  if (slash == std::string_view::npos) return {*address, address->bits()};
  return {*address, parse_number<int>(text.substr(slash + 1), address->bits(), text)};
}

template <size_t N>
std::vector<url::IpRange> parse_ranges(const std::array<const char*, N>& texts) {
  std::vector<url::IpRange> ranges;
  for (const char* text : texts) ranges.push_back(parse_range(text));
  return ranges;
}

bool any_contains(const std::vector<url::IpRange>& ranges, const url::IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const url::IpRange& range) { return range.contains(address); });
}

}  // namespace

bool is_public_address(const url::IpAddress& address) {
  static const std::vector<url::IpRange> closed_v4 = parse_ranges(kClosedV4);
  static const std::vector<url::IpRange> closed_v6 = parse_ranges(kClosedV6);
  static const url::IpRange global_v6 = parse_range(kGlobalV6);
  if (!address.is_v6) return !any_contains(closed_v4, address);
  return global_v6.contains(address) && !any_contains(closed_v6, address);
}

AddressRules::AddressRules(std::vector<uint16_t> ports, const std::vector<std::string>& allowed)
    : ports_(std::move(ports)) {
  for (const std::string& text : allowed) exceptions_.push_back(parse_exception(text));
}

AddressRules::Exception AddressRules::parse_exception(std::string_view text) {
  std::string_view range = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    require(close != std::string_view::npos, kRulesWhere, "expected ] after [, got none");
    range = text.substr(1, close - 1);
    port = text.substr(close + 1);
    require(port.empty() || port.starts_with(':'), kRulesWhere, "expected :PORT after ]");
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    range = text.substr(0, text.find(':'));
    port = text.substr(text.find(':'));
  }
  Exception exception{parse_range(range)};
  if (!port.empty()) exception.port = parse_number<uint16_t>(port.substr(1), 0xFFFF, text);
  return exception;
}

bool AddressRules::may_dial(const url::IpAddress& address, uint16_t port) const {
  const bool web_port = std::find(ports_.begin(), ports_.end(), port) != ports_.end();
  if (web_port && is_public_address(address)) return true;
  return std::any_of(exceptions_.begin(), exceptions_.end(), [&](const Exception& exception) {
    return exception.range.contains(address) &&
           (exception.port == 0 ? web_port : exception.port == port);
  });
}

}  // namespace flamingo::crawl
