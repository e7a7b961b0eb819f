// Whatever a page or a redirect says, only checked public addresses are dialled.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>

#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "flamingo/crawl/fetcher.h"
#include "tests/crawl/loopback_server.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

using testing::LoopbackServer;
using testing::picture_reply;
using testing::redirect_reply;

const url::IpAddress kPublic = *url::IpAddress::parse("93.184.216.34");
const url::IpAddress kMetadata = *url::IpAddress::parse("169.254.169.254");

/// Records what would be dialled and never lets a connection to a public address out.
class FetcherAddressesTest : public ::testing::Test {
 protected:
  FetcherAddressesTest() {
    options.respect_robots = false;
    options.host_delay = 0;
    options.retries = 0;
    options.connect_seconds = options.total_seconds = 600;  // results come of events
    hooks.dial = [this](const url::IpAddress& address, uint16_t port) {
      dialled.push_back(address.text() + " " + std::to_string(port));
      return address == *url::IpAddress::parse("127.0.0.1");
    };
  }

  FetchResult get(const std::string& url) {
    Fetcher fetcher(options, hooks);
    return fetcher.fetch(std::vector{url}).at(0);
  }

  LoopbackServer trap;
  FetchOptions options;
  FetchHooks hooks;
  std::vector<std::string> dialled;
};

// 120 ways to name what must not be reached, with the system's own resolver.
TEST_F(FetcherAddressesTest, NothingPrivateIsDialled) {
  std::vector<std::string> urls;
  const std::vector<std::string> hosts = {"127.0.0.1",
                                          "localhost",
                                          "LOCALHOST",
                                          "localhost.",
                                          "127.1",
                                          "127.0.1",
                                          "0x7f.1",
                                          "0177.1",
                                          "0x7f000001",
                                          "2130706433",
                                          "017700000001",
                                          "127.0.0.1.",
                                          "127.255.255.254",
                                          "0",
                                          "0.0.0.0",
                                          "0x0",
                                          "[::1]",
                                          "[::]",
                                          "[0:0:0:0:0:0:0:1]",
                                          "[::ffff:127.0.0.1]",
                                          "[::ffff:7f00:1]",
                                          "[::127.0.0.1]",
                                          "[64:ff9b::127.0.0.1]",
                                          "[2002:7f00:1::]",
                                          "10.0.0.1",
                                          "10.255.255.255",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.168.1.1",
                                          "100.64.0.1",
                                          "100.100.100.200",
                                          "169.254.169.254",
                                          "0xa9fea9fe",
                                          "2852039166",
                                          "0251.0376.0251.0376",
                                          "169.254.43518",
                                          "[::ffff:169.254.169.254]",
                                          "[fd00:ec2::254]",
                                          "[fd00::1]",
                                          "[fe80::1]",
                                          "[fc00::1]",
                                          "[ff02::1]",
                                          "168.63.129.16",
                                          "192.0.0.192",
                                          "198.18.0.1",
                                          "224.0.0.1",
                                          "255.255.255.255",
                                          "240.0.0.1"};
  for (const std::string& host : hosts) {
    urls.push_back("http://" + host + "/");
    urls.push_back("http://" + host + ":" + std::to_string(trap.port()) + "/");
  }
  for (const char* url : {"file:///etc/passwd",
                          "ftp://127.0.0.1/",
                          "gopher://127.0.0.1:70/_x",
                          "dict://127.0.0.1/",
                          "data:image/png;base64,AAAA",
                          "javascript:alert(1)",
                          "//127.0.0.1/",
                          "127.0.0.1",
                          "http://user:pass@127.0.0.1/",
                          "http://example.org@127.0.0.1/",
                          "http://127.0.0.1\\@example.org/",
                          "http://example.org\\@127.0.0.1/",
                          "http://127.0.0.1#@example.org/",
                          "http://127.0.0.1?@example.org/",
                          "http://127.0.0.1%23/",
                          "http://127.0.0.1%2f/",
                          "http://%31%32%37.0.0.1/",
                          "http://127.0.0.1\t/",
                          "http://127.0.0.1 /",
                          "http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/",
                          "http://127.0.0.1\xE3\x80\x82/",
                          "http://[::1%25lo]/",
                          "https://127.0.0.1/",
                          "https://[::1]/"}) {
    urls.emplace_back(url);
  }
  ASSERT_EQ(urls.size(), 120U);
  Fetcher fetcher(options, hooks);
  for (const FetchResult& result : fetcher.fetch(urls)) {
    EXPECT_TRUE(result.reason == FetchReason::kRefused || result.reason == FetchReason::kBadUrl)
        << result.url << ": " << enum_name(result.reason);
    EXPECT_EQ(result.attempts, 0) << result.url;
  }
  EXPECT_TRUE(dialled.empty()) << dialled.front();
  EXPECT_EQ(trap.connections(), 0);
}

TEST_F(FetcherAddressesTest, APublicAddressIsDialledOnWebPortsOnly) {
  EXPECT_EQ(get("http://93.184.216.34/").reason, FetchReason::kConnect);
  EXPECT_EQ(get("https://93.184.216.34/").reason, FetchReason::kConnect);
  for (const char* port : {"1", "22", "25", "6379", "8080", "65535"}) {
    EXPECT_EQ(get("http://93.184.216.34:" + std::string(port) + "/").reason, FetchReason::kRefused);
  }
  EXPECT_EQ(dialled, (std::vector<std::string>{"93.184.216.34 80", "93.184.216.34 443"}));
}

TEST_F(FetcherAddressesTest, ANameThatHasAnyPrivateAddressIsRefused) {
  const std::map<std::string, std::vector<url::IpAddress>> names = {
      {"metadata.google.internal", {kMetadata}},
      {"inside.example", {*url::IpAddress::parse("10.1.2.3")}},
      {"both.example", {kPublic, kMetadata}},
      {"v6.example", {*url::IpAddress::parse("2606:4700::1"), *url::IpAddress::parse("::1")}},
      {"mapped.example", {*url::IpAddress::parse("::ffff:8.8.8.8")}},
      {"public.example", {*url::IpAddress::parse("2606:4700::1"), kPublic}},
      {"none.example", {}}};
  hooks.resolve = [&](const std::string& host) { return names.at(host); };
  for (const char* host : {"metadata.google.internal", "inside.example", "both.example",
                           "v6.example", "mapped.example"}) {
    EXPECT_EQ(get("http://" + std::string(host) + "/").reason, FetchReason::kRefused) << host;
  }
  EXPECT_EQ(get("http://none.example/").reason, FetchReason::kDns);
  EXPECT_EQ(get("http://unknown.example/").reason, FetchReason::kDns) << "a resolver that throws";
  EXPECT_TRUE(dialled.empty());
  EXPECT_EQ(get("http://public.example/").reason, FetchReason::kConnect);
  EXPECT_EQ(dialled, std::vector<std::string>{"93.184.216.34 80"}) << "IPv4 first";
}

TEST_F(FetcherAddressesTest, ARetryDialsTheNextAddress) {
  hooks.resolve = [](const std::string&) {
    return std::vector{kPublic, *url::IpAddress::parse("93.184.216.35")};
  };
  options.retries = 2;
  options.backoff_seconds = 0;
  get("http://two.example/");
  EXPECT_EQ(dialled,
            (std::vector<std::string>{"93.184.216.34 80", "93.184.216.35 80", "93.184.216.34 80"}));
}

// 1,000 names whose answer changes between two look-ups: what was checked is what is dialled.
TEST_F(FetcherAddressesTest, RebindingNamesNeverReachThePrivateAddress) {
  std::atomic<int> asked = 0;
  hooks.resolve = [&](const std::string&) {
    return std::vector{++asked % 2 == 1 ? kPublic : kMetadata};
  };
  std::vector<std::string> urls;
  for (int i = 0; i < 500; ++i) {
    for (const char* target : {"/a", "/b"}) {
      urls.push_back("http://h" + std::to_string(i) + ".example" + target);
    }
  }
  Fetcher fetcher(options, hooks);
  int refused = 0;
  for (const FetchResult& result : fetcher.fetch(urls)) {
    refused += result.reason == FetchReason::kRefused ? 1 : 0;
    EXPECT_EQ(result.attempts, result.reason == FetchReason::kRefused ? 0 : 1);
  }
  EXPECT_EQ(asked, 500) << "every host is looked up once";
  EXPECT_EQ(refused, 500);
  EXPECT_EQ(dialled.size(), 500U);
  EXPECT_EQ(std::set<std::string>(dialled.begin(), dialled.end()),
            std::set<std::string>{"93.184.216.34 80"});
}

// 30 redirects that must not be followed, behind a page that may be fetched.
TEST_F(FetcherAddressesTest, RedirectsGoThroughTheSameGate) {
  options.allowed_addresses = {trap.host()};
  LoopbackServer inside;
  const std::string port = std::to_string(inside.port());
  const std::vector<std::string> targets = {"http://169.254.169.254/latest/meta-data/",
                                            "http://127.0.0.1/",
                                            "http://127.0.0.1:" + port,
                                            "http://localhost:" + port,
                                            "http://0x7f.1:" + port,
                                            "http://2130706433:" + port,
                                            "http://[::1]:" + port,
                                            "http://[::ffff:127.0.0.1]:" + port,
                                            "http://0.0.0.0:" + port,
                                            "https://127.0.0.1:" + port,
                                            "//127.0.0.1:" + port,
                                            "//169.254.169.254/",
                                            "http://10.0.0.1/",
                                            "http://192.168.0.1/",
                                            "http://172.16.0.1/",
                                            "http://100.64.0.1/",
                                            "http://[fd00::1]/",
                                            "http://[fe80::1]/",
                                            "http://8.8.8.8:22/",
                                            "file:///etc/passwd",
                                            "file://localhost/etc/passwd",
                                            "ftp://127.0.0.1/",
                                            "gopher://127.0.0.1:" + port + "/_x",
                                            "data:text/plain,x",
                                            "javascript:x",
                                            "http://user@127.0.0.1:" + port,
                                            "\\\\127.0.0.1:" + port + "\\x",
                                            "/\\127.0.0.1:" + port,
                                            "http:\\\\127.0.0.1:" + port,
                                            "http://127.0.0.1\\@8.8.8.8/"};
  ASSERT_EQ(targets.size(), 30U);
  for (const std::string& target : targets) {
    trap.at("/x", redirect_reply(target));
    const FetchResult result = get(trap.url("/x"));
    EXPECT_TRUE(result.reason == FetchReason::kRefused || result.reason == FetchReason::kBadUrl)
        << target << ": " << enum_name(result.reason);
    EXPECT_NE(result.final_url, trap.url("/x")) << "the refused address is recorded";
    EXPECT_EQ(result.bytes, "");
  }
  const std::string gate = "127.0.0.1 " + std::to_string(trap.port());
  EXPECT_EQ(std::set<std::string>(dialled.begin(), dialled.end()), std::set<std::string>{gate});
  EXPECT_EQ(inside.connections(), 0);
}

// 200 odd texts around a host: what is dialled is what a careful reader takes for the host.
TEST_F(FetcherAddressesTest, TheHostThatIsCheckedIsTheHostThatIsDialled) {
  std::set<std::string> asked;
  std::mutex mutex;
  hooks.resolve = [&](const std::string& host) {
    const std::lock_guard lock(mutex);
    asked.insert(host);
    return std::vector{kPublic};
  };
  constexpr std::string_view kPieces[] = {"good.example",
                                          "evil.example",
                                          "@",
                                          "\\",
                                          "/",
                                          "#",
                                          "?",
                                          ":",
                                          "80",
                                          "%",
                                          "2f",
                                          ".",
                                          "\t",
                                          " ",
                                          "[",
                                          "]",
                                          "user"};
  Rng rng(testing::seeded(11));
  std::vector<std::string> urls;
  for (int i = 0; i < 200; ++i) {
    std::string url = "http://good.example";
    for (uint64_t n = rng.below(5); n > 0; --n) url += kPieces[rng.below(std::size(kPieces))];
    urls.push_back(url + "/");
  }
  Fetcher fetcher(options, hooks);
  const auto results = fetcher.fetch(urls);
  std::set<std::string> expected;
  int dials = 0;
  for (const FetchResult& result : results) {
    dials += result.attempts;
    if (const auto address = WebAddress::parse(result.url)) expected.insert(address->host);
    const std::string authority = result.url.substr(7, result.url.find_first_of("/?#", 7) - 7);
    if (authority.find_first_of("@\\%\t []") != std::string::npos) {
      EXPECT_EQ(result.reason, FetchReason::kBadUrl) << result.url;
    }
  }
  EXPECT_EQ(asked, expected);
  EXPECT_EQ(dialled.size(), static_cast<size_t>(dials));
  EXPECT_GT(dials, 20);
}

TEST_F(FetcherAddressesTest, AHostNameOfTheAllowListNeedsItsPort) {
  hooks.resolve = [](const std::string&) {
    return std::vector{*url::IpAddress::parse("127.0.0.1")};
  };
  options.allowed_addresses = {trap.host()};
  trap.at("/x", picture_reply("bytes"));
  const std::string port = std::to_string(trap.port());
  EXPECT_EQ(get("http://pictures.example:" + port + "/x").bytes, "bytes");
  EXPECT_NE(trap.last_head().find("Host: pictures.example:" + port + "\r\n"), std::string::npos);
  EXPECT_EQ(get("http://pictures.example/x").reason, FetchReason::kRefused);
}

TEST(SystemResolver, ReadsOddSpellingsAsTheAddressesTheyAre) {
  const url::IpAddress loopback = *url::IpAddress::parse("127.0.0.1");
  for (const char* spelling : {"127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001"}) {
    EXPECT_EQ(system_resolve(spelling), std::vector{loopback}) << spelling;
  }
  EXPECT_EQ(system_resolve("::1"), std::vector{*url::IpAddress::parse("::1")});
  for (const url::IpAddress& address : system_resolve("localhost")) {
    EXPECT_FALSE(is_public_address(address));
  }
}

// The gate is only worth something when there is no other door.
TEST(Sources, OnlyTheCrawlerKnowsLibcurl) {
  const std::filesystem::path root = FLAMINGO_SOURCE_DIR;
  int users = 0;
  for (const char* folder : {"flamingo", "bench"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string text = read_file(entry.path().string(), 16 << 20);
      if (text.find("#include <curl/") == std::string::npos) continue;
      ++users;
      EXPECT_EQ(entry.path().parent_path(), root / "flamingo" / "crawl") << entry.path();
    }
  }
  EXPECT_GT(users, 0);
}

}  // namespace
}  // namespace flamingo::crawl
