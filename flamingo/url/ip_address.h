#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace flamingo::url {

/// An IPv4 or IPv6 address. IPv4 stays IPv4: no value of this type is the same host written twice,
/// except where IPv6 itself embeds IPv4, which address rules treat as IPv6.
struct IpAddress {
  bool is_v6 = false;
  std::array<uint8_t, 16> bytes = {};  ///< network order; IPv4 uses the first four

  /// Reads "192.0.2.1" or "2001:db8::1": four decimal numbers or plain IPv6, no brackets, no zone.
  static std::optional<IpAddress> parse(std::string_view text);
  /// The address a socket call would dial; nothing for families other than IPv4 and IPv6.
  static std::optional<IpAddress> from_sockaddr(const sockaddr* address);

  /// The canonical spelling, as parse() reads it.
  std::string text() const;
  /// 32 or 128.
  int bits() const { return is_v6 ? 128 : 32; }

  bool operator==(const IpAddress&) const = default;
};

/// All addresses that share the first `bits` bits with `address`.
struct IpRange {
  IpAddress address;
  int bits = 0;

  bool contains(const IpAddress& candidate) const;
};

}  // namespace flamingo::url
