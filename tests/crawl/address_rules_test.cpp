#include "flamingo/crawl/address_rules.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::crawl {
namespace {

url::IpAddress ip(const std::string& text) {
  const auto address = url::IpAddress::parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(url::IpAddress{});
}

// Both ends of every closed range, and what lies just outside.
TEST(AddressRules, ClosedAddressesAreNotPublic) {
  for (const char* text :
       {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.255.255.255",
        "100.64.0.0",      "100.100.100.200", "100.127.255.255", "127.0.0.0",
        "127.0.0.1",       "127.255.255.255", "168.63.129.16",   "169.254.0.0",
        "169.254.169.254", "169.254.255.255", "172.16.0.0",      "172.31.255.255",
        "192.0.0.0",       "192.0.0.192",     "192.0.0.255",     "192.0.2.1",
        "192.88.99.1",     "192.168.0.0",     "192.168.255.255", "198.18.0.0",
        "198.19.255.255",  "198.51.100.7",    "203.0.113.7",     "224.0.0.1",
        "239.255.255.255", "240.0.0.1",       "255.255.255.255"}) {
    EXPECT_FALSE(is_public_address(ip(text))) << text;
  }
}

TEST(AddressRules, ClosedIpv6AddressesAreNotPublic) {
  for (const char* text : {"::",
                           "::1",
                           "::7f00:1",
                           "::127.0.0.1",
                           "::ffff:127.0.0.1",
                           "::ffff:7f00:1",
                           "::ffff:8.8.8.8",
                           "::ffff:0:127.0.0.1",
                           "64:ff9b::10.0.0.1",
                           "64:ff9b::8.8.8.8",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:0:53aa:64c:0:fffe:80ff:fffe",
                           "2001:2::1",
                           "2001:10::1",
                           "2001:20::1",
                           "2001:1ff:ffff::1",
                           "2001:db8::1",
                           "2002:7f00:1::",
                           "2002:a9fe:a9fe::1",
                           "2002:808:808::1",
                           "3fff::1",
                           "3fff:fff::1",
                           "4000::1",
                           "5f00::1",
                           "1fff::1",
                           "fc00::1",
                           "fd00::1",
                           "fd00:ec2::254",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "ff02::1",
                           "ff0e::1",
                           "ffff:ffff::1"}) {
    EXPECT_FALSE(is_public_address(ip(text))) << text;
  }
}

TEST(AddressRules, NeighboursOfClosedRangesArePublic) {
  for (const char* text :
       {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",      "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.0",       "168.63.129.15", "168.63.129.17",   "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",  "172.32.0.0",    "191.255.255.255", "192.0.1.0",
        "192.0.3.0",       "192.88.98.255",   "192.88.100.0",  "192.167.255.255", "192.169.0.0",
        "198.17.255.255",  "198.20.0.0",      "198.51.99.255", "198.51.101.0",    "203.0.112.255",
        "203.0.114.0",     "223.255.255.255", "8.8.8.8",       "2001:200::1",     "2001:db7::1",
        "2001:db9::1",     "2003::1",         "2001:4860::1",  "2606:4700::1",    "2a00::1",
        "3fff:1000::1",    "2000::1",         "3ffe::1"}) {
    EXPECT_TRUE(is_public_address(ip(text))) << text;
  }
}

TEST(AddressRules, OnlyWebPortsAreDialledOnPublicAddresses) {
  const AddressRules rules;
  EXPECT_TRUE(rules.may_dial(ip("8.8.8.8"), 80));
  EXPECT_TRUE(rules.may_dial(ip("2606:4700::1"), 443));
  for (const int port : {0, 1, 22, 25, 79, 81, 442, 444, 6379, 8080, 65535}) {
    EXPECT_FALSE(rules.may_dial(ip("8.8.8.8"), static_cast<uint16_t>(port))) << port;
  }
  EXPECT_FALSE(rules.may_dial(ip("127.0.0.1"), 80));
}

TEST(AddressRules, AnExceptionOpensExactlyWhatItNames) {
  const AddressRules rules({80, 443},
                           {"127.0.0.1:8080", "10.1.0.0/16", "[fd00::1]:81", "fd12::/17"});
  EXPECT_TRUE(rules.may_dial(ip("127.0.0.1"), 8080));
  EXPECT_FALSE(rules.may_dial(ip("127.0.0.1"), 80));
  EXPECT_FALSE(rules.may_dial(ip("127.0.0.2"), 8080));
  EXPECT_TRUE(rules.may_dial(ip("10.1.255.255"), 443));
  EXPECT_FALSE(rules.may_dial(ip("10.1.255.255"), 8080));
  EXPECT_FALSE(rules.may_dial(ip("10.2.0.0"), 443));
  EXPECT_TRUE(rules.may_dial(ip("fd00::1"), 81));
  EXPECT_FALSE(rules.may_dial(ip("fd00::1"), 80));
  EXPECT_TRUE(rules.may_dial(ip("fd12:0:7fff::1"), 80));
  EXPECT_FALSE(rules.may_dial(ip("fd13::1"), 80));
  EXPECT_FALSE(rules.may_dial(ip("::ffff:127.0.0.1"), 8080)) << "IPv4 in disguise is not IPv4";
}

TEST(AddressRules, AnExceptionInTheMiddleOfAByte) {
  const AddressRules rules({80}, {"172.16.0.0/12"});
  EXPECT_TRUE(rules.may_dial(ip("172.31.255.255"), 80));
  EXPECT_TRUE(rules.may_dial(ip("172.32.0.0"), 80));  // public anyway
  EXPECT_FALSE(AddressRules({80}, {"10.0.0.0/31"}).may_dial(ip("10.0.0.2"), 80));
}

TEST(AddressRules, UnreadableExceptionsAreErrors) {
  for (const char* text : {"", "localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0",
                           "0x7f.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:80x", "[::1",
                           "[::1]80", "::1/129", "fe80::1%lo"}) {
    EXPECT_THROW(AddressRules({80}, {text}), Error) << text;
  }
}

}  // namespace
}  // namespace flamingo::crawl
