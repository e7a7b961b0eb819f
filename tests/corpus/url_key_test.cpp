#include "flamingo/corpus/url_key.h"

#include <gtest/gtest.h>

namespace flamingo::corpus {
namespace {

TEST(UrlKey, Host) {
  EXPECT_EQ(host_of_url("https://WWW.Example.com/a?b#c"), "www.example.com");
  EXPECT_EQ(host_of_url("http://user:pass@example.com.:8080?q=http://x.org"), "example.com");
  EXPECT_EQ(host_of_url("http://[2001:DB8::1]:80/"), "[2001:db8::1]");
  EXPECT_EQ(host_of_url("http://evil.com\\@good.com/"), "evil.com");
  EXPECT_EQ(host_of_url("http://me@Odd host.com.:99999/"), "odd host.com") << "no browser reads it";
  EXPECT_EQ(host_of_url("page.html"), "");
  EXPECT_EQ(host_of_url(""), "");
}

TEST(UrlKey, EqualAddressesHaveOneForm) {
  EXPECT_EQ(canonical_url(" HTTPS://Example.com:443/a/#top"), "example.com/a");
  EXPECT_EQ(canonical_url("http://example.com:8080/A?b=C"), "example.com:8080/A?b=C");
  EXPECT_EQ(canonical_url("folder/page.html"), "folder/page.html");
  EXPECT_EQ(canonical_url("ftp://A/b/#c"), "ftp://A/b");
  EXPECT_EQ(url_key("http://example.com"), url_key("https://EXAMPLE.com/"));
  EXPECT_NE(url_key("http://example.com/a"), url_key("http://example.com/A"));
  EXPECT_NE(url_key("http://example.com/?p=1"), url_key("http://example.com/?p=2"));
  EXPECT_EQ(url_key(""), 0u);
  EXPECT_EQ(url_key("#top"), 0u);
}

}  // namespace
}  // namespace flamingo::corpus
