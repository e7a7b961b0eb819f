#include "flamingo/url/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace flamingo::url {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string spelled(text);
  if (spelled.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  address.is_v6 = spelled.find(':') != std::string::npos;
  const int family = address.is_v6 ? AF_INET6 : AF_INET;
  if (::inet_pton(family, spelled.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<IpAddress> IpAddress::from_sockaddr(const sockaddr* address) {
  IpAddress result;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(result.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(result.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    result.is_v6 = true;
  } else {
    return std::nullopt;
  }
  return result;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes.data(), buffer, sizeof buffer);
  return buffer;
}

bool IpRange::contains(const IpAddress& candidate) const {
  if (candidate.is_v6 != address.is_v6) return false;
  for (int bit = 0; bit < bits; bit += 8) {
    const auto i = static_cast<size_t>(bit / 8);
    const int kept = bits - bit >= 8 ? 0xFF : 0xFF00 >> (bits - bit);
    if (((candidate.bytes[i] ^ address.bytes[i]) & kept & 0xFF) != 0) return false;
  }
  return true;
}

}  // namespace flamingo::url
