#include <gtest/gtest.h>

#include "flamingo/crawl/fetcher.h"
#include "tests/crawl/loopback_server.h"

namespace flamingo::crawl {
namespace {

using testing::Connection;
using testing::http_reply;
using testing::LoopbackServer;
using testing::picture_reply;
using testing::redirect_reply;

class FetcherRobotsTest : public ::testing::Test {
 protected:
  FetcherRobotsTest() {
    options.allowed_addresses = {server.host()};
    options.host_delay = 0;
    options.backoff_seconds = 0.001;
    options.connect_seconds = options.total_seconds = 600;  // results come of events
    server.at("/x", picture_reply("bytes"));
    server.at("/private/x", picture_reply("bytes"));
  }

  std::vector<FetchReason> reasons(const std::vector<std::string>& targets) {
    Fetcher fetcher(options);
    std::vector<std::string> urls;
    for (const std::string& target : targets) urls.push_back(server.url(target));
    std::vector<FetchReason> reasons;
    for (const FetchResult& result : fetcher.fetch(urls)) reasons.push_back(result.reason);
    return reasons;
  }
  FetchReason reason(const std::string& target) { return reasons({target}).at(0); }

  void set_robots(const std::string& text) {
    server.at("/robots.txt", http_reply("200 OK", "Content-Type: text/plain\r\n", text));
  }

  LoopbackServer server;
  FetchOptions options;
};

TEST_F(FetcherRobotsTest, WhatIsDisallowedIsNotAskedFor) {
  set_robots("User-agent: *\nDisallow: /private/\n");
  EXPECT_EQ(reasons({"/private/x", "/x", "/private/y", "/x"}),
            (std::vector{FetchReason::kRobots, FetchReason::kOk, FetchReason::kRobots,
                         FetchReason::kOk}));
  EXPECT_EQ(server.requests(), (std::vector<std::string>{"GET /robots.txt", "GET /x", "GET /x"}))
      << "robots.txt comes first, and once";
}

TEST_F(FetcherRobotsTest, TheGroupOfOurNameCounts) {
  set_robots("User-agent: *\nDisallow: /\n\nUser-agent: Flamingo-Crawler\nDisallow: /private/\n");
  EXPECT_EQ(reasons({"/x", "/private/x"}), (std::vector{FetchReason::kOk, FetchReason::kRobots}));
}

TEST_F(FetcherRobotsTest, CanBeSwitchedOff) {
  set_robots("User-agent: *\nDisallow: /\n");
  options.respect_robots = false;
  EXPECT_EQ(reason("/x"), FetchReason::kOk);
  EXPECT_EQ(server.count("/robots.txt"), 0);
}

TEST_F(FetcherRobotsTest, AMissingFileAllowsAnUnreachableOneForbids) {
  EXPECT_EQ(reason("/x"), FetchReason::kOk) << "404";
  for (const char* status : {"403 Forbidden", "401 Who", "400 Bad"}) {
    server.at("/robots.txt", http_reply(status, "", ""));
    EXPECT_EQ(reason("/x"), FetchReason::kOk) << status;
  }
  server.at("/robots.txt", http_reply("200 OK", "", ""));
  EXPECT_EQ(reason("/x"), FetchReason::kOk) << "an empty file";
  const int64_t before = server.count("/x");
  for (const char* status : {"500 Oops", "503 Later", "429 Slow"}) {
    server.at("/robots.txt", http_reply(status, "", ""));
    EXPECT_EQ(reason("/x"), FetchReason::kRobotsUnreachable) << status;
  }
  server.at("/robots.txt", [](Connection& connection) { connection.reset_on_close(); });
  EXPECT_EQ(reason("/x"), FetchReason::kCutOff) << "a dead site says how it is dead";
  EXPECT_EQ(server.count("/x"), before);
}

TEST_F(FetcherRobotsTest, ASecondTryCounts) {
  std::atomic<int> asked = 0;
  server.at("/robots.txt", [&](Connection& connection) {
    connection.send(++asked == 1
                        ? http_reply("500 Oops", "", "")
                        : http_reply("200 OK", "", "User-agent: *\nDisallow: /private/\n"));
  });
  EXPECT_EQ(reasons({"/x", "/private/x"}), (std::vector{FetchReason::kOk, FetchReason::kRobots}));
}

TEST_F(FetcherRobotsTest, ItsOwnRedirectsAreFollowed) {
  for (int i = 1; i < 5; ++i) {
    server.at("/r" + std::to_string(i), redirect_reply("/r" + std::to_string(i + 1)));
  }
  server.at("/robots.txt", redirect_reply("/r1"));
  server.at("/r5", http_reply("200 OK", "", "User-agent: *\nDisallow: /x\n"));
  EXPECT_EQ(reason("/x"), FetchReason::kRobots) << "five hops";
  server.at("/r5", redirect_reply("/r6"));
  EXPECT_EQ(reason("/x"), FetchReason::kOk) << "a sixth hop is as good as no file";
  server.at("/robots.txt", redirect_reply("http://169.254.169.254/"));
  EXPECT_EQ(reason("/x"), FetchReason::kRobotsUnreachable);
}

TEST_F(FetcherRobotsTest, RedirectTargetsAreAskedAboutToo) {
  LoopbackServer other;
  options.allowed_addresses.push_back(other.host());
  other.at("/robots.txt", http_reply("200 OK", "", "User-agent: *\nDisallow: /secret\n"));
  other.at("/secret", picture_reply("bytes"));
  other.at("/open", picture_reply("bytes"));
  server.at("/to-secret", redirect_reply(other.url("/secret")));
  server.at("/to-open", redirect_reply(other.url("/open")));
  EXPECT_EQ(reasons({"/to-secret", "/to-open"}),
            (std::vector{FetchReason::kRobots, FetchReason::kOk}));
  EXPECT_EQ(other.count("/secret"), 0);
}

TEST_F(FetcherRobotsTest, SitesThatAskEachOtherDoNotWaitForEver) {
  LoopbackServer other;
  options.allowed_addresses.push_back(other.host());
  options.concurrency = 1;
  server.at("/robots.txt", redirect_reply(other.url("/robots.txt")));
  other.at("/robots.txt", redirect_reply(server.url("/robots.txt")));
  server.at("/y", redirect_reply(other.url("/x")));
  other.at("/x", picture_reply("bytes"));
  EXPECT_EQ(reason("/y"), FetchReason::kOk);
}

TEST_F(FetcherRobotsTest, AnEndlessFileIsReadUpToItsLimit) {
  server.at("/robots.txt", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /private/\n");
    while (connection.send(std::string(10'000, '#'))) {
    }
  });
  EXPECT_EQ(reasons({"/x", "/private/x"}), (std::vector{FetchReason::kOk, FetchReason::kRobots}));
}

TEST_F(FetcherRobotsTest, ACrawlDelayIsKeptUpToItsCap) {
  set_robots("User-agent: *\nCrawl-delay: 1000\n");
  options.max_crawl_delay = 0.05;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(reasons({"/x", "/x", "/x"}), std::vector(3, FetchReason::kOk));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
}

TEST_F(FetcherRobotsTest, KnowledgeOutlivesABatch) {
  set_robots("User-agent: *\nDisallow: /private/\n");
  Fetcher fetcher(options);
  EXPECT_TRUE(fetcher.fetch(std::vector{server.url("/x")}).at(0).ok());
  EXPECT_FALSE(fetcher.fetch(std::vector{server.url("/private/x")}).at(0).ok());
  EXPECT_EQ(server.count("/robots.txt"), 1);
}

}  // namespace
}  // namespace flamingo::crawl
