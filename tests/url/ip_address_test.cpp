#include "flamingo/url/ip_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace flamingo::url {
namespace {

TEST(IpAddress, ReadsOnlyPlainSpellings) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "0x7f.0.0.1",
                           "2130706433", " 1.2.3.4", "1.2.3.4 ", "[::1]", "::1%lo", "1:2", ":::"}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string("1.2.3.4\0x", 9)).has_value());
  EXPECT_EQ(IpAddress::parse("2001:0DB8:0:0::1")->text(), "2001:db8::1");
}

TEST(IpAddress, IsReadFromASocketAddress) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0xA9FEA9FE);
  EXPECT_EQ(IpAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&v4))->text(), "169.254.169.254");
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(IpAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&v6)), IpAddress::parse("::1"));
  sockaddr local{};
  local.sa_family = AF_UNIX;
  EXPECT_FALSE(IpAddress::from_sockaddr(&local).has_value());
}

}  // namespace
}  // namespace flamingo::url
