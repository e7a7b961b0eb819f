#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/url/ip_address.h"

namespace flamingo::crawl {

/// Whether the address belongs to the public internet. Closed by default: false for private,
/// shared, loopback, link-local, metadata, multicast, documentation, benchmark and reserved
/// ranges; of IPv6 only 2000::/3 can be public, so that every form that embeds an IPv4 address
/// (mapped, compatible, NAT64, 6to4, Teredo) is false too, whatever it embeds.
/// Source: the IANA registries of special-purpose addresses (RFC 6890) and clouds' manuals.
bool is_public_address(const url::IpAddress& address);

/// What a crawler may dial: public addresses on web ports, and what an operator opens by name.
class AddressRules {
 public:
  /// ports: those open on public addresses. allowed: exceptions for tests and intranets, each
  /// ADDRESS[/BITS][:PORT], IPv6 in brackets where a port follows: "127.0.0.1:8080", "10.1.0.0/16",
  /// "[fd00::1]:80", "fd00::/8"; without a port the exception opens `ports`.
  /// Throws Error on an exception that cannot be read.
  explicit AddressRules(std::vector<uint16_t> ports = {80, 443},
                        const std::vector<std::string>& allowed = {});

  /// Whether a connection to this address and port may be opened.
  bool may_dial(const url::IpAddress& address, uint16_t port) const;

 private:
  /// Addresses that an operator opened, on one port or those of ports_.
  struct Exception {
    url::IpRange range;
    uint16_t port = 0;  ///< 0: those of ports_
  };

  static Exception parse_exception(std::string_view text);

  std::vector<uint16_t> ports_;
  std::vector<Exception> exceptions_;
};

}  // namespace flamingo::crawl
