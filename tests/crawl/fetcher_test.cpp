#include "flamingo/crawl/fetcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "flamingo/core/error.h"
#include "tests/crawl/loopback_server.h"
#include "tests/support/reserved_port.h"

namespace flamingo::crawl {
namespace {

using testing::Connection;
using testing::http_reply;
using testing::LoopbackServer;
using testing::picture_reply;
using testing::redirect_reply;

/// A server and a fetcher that may dial it and nothing else; waits only where a test says so.
class FetcherTest : public ::testing::Test {
 protected:
  FetcherTest() {
    options.allowed_addresses = {server.host()};
    options.respect_robots = false;
    options.host_delay = 0;
    options.backoff_seconds = 0.001;
    options.max_retry_seconds = 0.01;
    options.connect_seconds = options.total_seconds = 600;  // results come of events
    hooks.dial = [this](const url::IpAddress& address, uint16_t port) {
      dialled.insert(address.text() + " " + std::to_string(port));
      return true;
    };
  }

  FetchResult get(const std::string& url) {
    Fetcher fetcher(options, hooks);
    return fetcher.fetch(std::vector{url}).at(0);
  }
  FetchReason reason(const std::string& target) { return get(server.url(target)).reason; }

  LoopbackServer server;
  FetchOptions options;
  FetchHooks hooks;
  std::set<std::string> dialled;
};

TEST_F(FetcherTest, FetchesAPicture) {
  server.at("/a.jpg?x=1", http_reply("200 OK", "content-type: Image/JPEG; q=1\r\n", "bytes"));
  const FetchResult result = get(server.url("/a.jpg?x=1#top"));
  EXPECT_EQ(result.reason, FetchReason::kOk);
  EXPECT_EQ(result.url, server.url("/a.jpg?x=1#top"));
  EXPECT_EQ(result.final_url, server.url("/a.jpg?x=1"));
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.content_type, "image/jpeg");
  EXPECT_EQ(result.bytes, "bytes");
  EXPECT_EQ(result.attempts, 1);
  const std::string head = server.last_head();
  EXPECT_NE(head.find("User-Agent: flamingo-crawler/0.1\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Host: " + server.host() + "\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Authorization"), std::string::npos) << head;
  EXPECT_EQ(dialled, std::set<std::string>{"127.0.0.1 " + std::to_string(server.port())});
}

TEST_F(FetcherTest, StatusesHaveReasons) {
  using enum FetchReason;
  for (const auto& [status, expected] : std::initializer_list<std::pair<const char*, FetchReason>>{
           {"404 Not Found", kNotFound},
           {"410 Gone", kNotFound},
           {"403 Forbidden", kHttpStatus},
           {"204 No Content", kHttpStatus},
           {"206 Partial Content", kHttpStatus},
           {"304 Not Modified", kHttpStatus},
           {"302 Found", kHttpStatus},
           {"429 Too Many Requests", kRateLimited},
           {"500 Oops", kServerError},
           {"503 Unavailable", kServerError}}) {
    server.at("/x", http_reply(status, "Content-Type: image/png\r\n", ""));
    const FetchResult result = get(server.url("/x"));
    EXPECT_EQ(result.reason, expected) << status;
    EXPECT_EQ(result.status, std::stoi(status));
    EXPECT_TRUE(result.bytes.empty());
    EXPECT_EQ(result.attempts, is_transient(expected) ? 3 : 1) << status;
  }
}

TEST_F(FetcherTest, AsksAgainAfterAServerError) {
  std::atomic<int> asked = 0;
  server.at("/x", [&](Connection& connection) {
    connection.send(++asked == 1 ? http_reply("500 Oops", "", "") : picture_reply("second"));
  });
  const FetchResult result = get(server.url("/x"));
  EXPECT_EQ(result.bytes, "second");
  EXPECT_EQ(result.attempts, 2);
}

TEST_F(FetcherTest, RetryAfterIsCapped) {
  std::atomic<int> asked = 0;
  server.at("/x", [&](Connection& connection) {
    connection.send(++asked == 1 ? http_reply("429 Slow", "Retry-After: 86400\r\n", "")
                                 : picture_reply("later"));
  });
  EXPECT_EQ(get(server.url("/x")).bytes, "later");
}

TEST_F(FetcherTest, AResetConnectionIsAskedAgainAndThenCutOff) {
  server.at("/x", [](Connection& connection) { connection.reset_on_close(); });
  const FetchResult result = get(server.url("/x"));
  EXPECT_EQ(result.reason, FetchReason::kCutOff);
  EXPECT_EQ(server.count("/x"), 3);
  server.at("/y", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 9\r\n\r\nhalf");
  });
  EXPECT_EQ(reason("/y"), FetchReason::kCutOff) << "a Content-Length that promises too much";
}

TEST_F(FetcherTest, AContentLengthThatPromisesTooLittleEndsTheBody) {
  server.at("/x",
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\nhalf and more");
  EXPECT_EQ(get(server.url("/x")).bytes, "half");
}

TEST_F(FetcherTest, FollowsRedirectsItself) {
  server.at("/1", redirect_reply("/2", "301 Moved"));
  server.at("/2", redirect_reply("?q", "307 Moved"));
  server.at("/2?q", redirect_reply(server.url("/d/../4"), "308 Moved"));
  server.at("/4", picture_reply("there"));
  server.at("/0", redirect_reply("/1"));
  const FetchResult result = get(server.url("/1"));
  EXPECT_EQ(result.bytes, "there");
  EXPECT_EQ(result.final_url, server.url("/4"));
  EXPECT_EQ(result.attempts, 1);
  EXPECT_EQ(reason("/0"), FetchReason::kRedirects) << "a fourth hop";
}

TEST_F(FetcherTest, ARetryBehindARedirectEndsToo) {
  server.at("/1", redirect_reply("/2"));
  server.at("/2", http_reply("500 Oops", "", ""));
  EXPECT_EQ(reason("/1"), FetchReason::kServerError);
  EXPECT_EQ(server.count("/2"), 3);
}

TEST_F(FetcherTest, ARedirectLoopEnds) {
  server.at("/x", redirect_reply("/x"));
  EXPECT_EQ(reason("/x"), FetchReason::kRedirects);
  EXPECT_EQ(server.count("/x"), 4);
}

TEST_F(FetcherTest, SlowAnswersTimeOut) {
  options.total_seconds = 0.2;
  options.retries = 0;
  server.at("/silent", [](Connection& connection) { connection.wait_for_end(); });
  server.at("/drip", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n");
    while (connection.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  server.at("/headers", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("A: b\r\n")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  for (const char* target : {"/silent", "/drip", "/headers"}) {
    EXPECT_EQ(reason(target), FetchReason::kTimeout) << target;
  }
}

TEST_F(FetcherTest, ATooLargeBodyIsCut) {
  options.max_bytes = 100'000;
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n";
  server.at("/declared", head + "Content-Length: 100001\r\n\r\n");
  server.at("/huge", head + "Content-Length: 18446744073709551615\r\n\r\n");
  server.at("/endless", [&](Connection& connection) {
    connection.send(head + "\r\n");
    while (connection.send(std::string(10'000, 'x'))) {
    }
  });
  server.at("/chunked", [&](Connection& connection) {
    connection.send(head + "Transfer-Encoding: chunked\r\n\r\n");
    while (connection.send("2710\r\n" + std::string(10'000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(reason("/declared"), FetchReason::kTooLarge);
  EXPECT_FALSE(get(server.url("/huge")).ok());
  EXPECT_EQ(reason("/endless"), FetchReason::kTooLarge);
  EXPECT_EQ(reason("/chunked"), FetchReason::kTooLarge);
  server.at("/just", picture_reply(std::string(100'000, 'x')));
  EXPECT_EQ(get(server.url("/just")).bytes.size(), 100'000U);
}

TEST_F(FetcherTest, WhatIsNoHttpIsABadReply) {
  server.at("/old", "just bytes, HTTP/0.9\n");
  server.at("/flood", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n");
    for (int i = 0;
         connection.send("X-" + std::to_string(i) + ": " + std::string(200, 'y') + "\r\n");)
      ++i;
  });
  server.at("/line", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nX: ");
    while (connection.send(std::string(10'000, 'y'))) {
    }
  });
  server.at("/interim", [](Connection& connection) {
    while (connection.send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")) {
    }
  });
  for (const char* target : {"/old", "/flood", "/line", "/interim"}) {
    EXPECT_EQ(reason(target), FetchReason::kBadReply) << target;
  }
}

TEST_F(FetcherTest, TypesThatAreNoPicturesAreDropped) {
  server.at("/page", http_reply("200 OK", "Content-Type: text/html; charset=utf-8\r\n", "<html>"));
  server.at("/raw", http_reply("200 OK", "Content-Type: application/octet-stream\r\n", "bytes"));
  server.at("/none", http_reply("200 OK", "", "bytes"));
  server.at("/like", http_reply("200 OK", "Content-Type: imagex/png\r\n", "bytes"));
  EXPECT_EQ(reason("/page"), FetchReason::kWrongType);
  EXPECT_EQ(reason("/like"), FetchReason::kWrongType);
  EXPECT_EQ(get(server.url("/raw")).bytes, "bytes");
  EXPECT_EQ(get(server.url("/none")).bytes, "bytes");
  options.allowed_types = {"image/png"};
  EXPECT_EQ(reason("/raw"), FetchReason::kWrongType);
  server.at("/empty", picture_reply(""));
  options.allowed_types = {"image/*"};
  EXPECT_EQ(reason("/empty"), FetchReason::kEmpty);
}

TEST_F(FetcherTest, PicturesKeptOutOfTrainingDataAreDropped) {
  server.at("/x", picture_reply("bytes", "X-Robots-Tag: nofollow\r\nX-ROBOTS-TAG: noai\r\n"));
  server.at("/us", picture_reply("bytes", "X-Robots-Tag: Flamingo-Crawler: noindex\r\n"));
  server.at("/others", picture_reply("bytes", "X-Robots-Tag: otherbot: noindex\r\n"));
  const FetchResult result = get(server.url("/x"));
  EXPECT_EQ(result.reason, FetchReason::kUseForbidden);
  EXPECT_TRUE(result.bytes.empty());
  EXPECT_EQ(reason("/us"), FetchReason::kUseForbidden);
  EXPECT_EQ(reason("/others"), FetchReason::kOk);
  options.forbidden_uses = {};
  EXPECT_EQ(reason("/x"), FetchReason::kOk);
}

TEST_F(FetcherTest, TheFinalAnswerCountsNotInterimOnes) {
  server.at("/x",
            "HTTP/1.1 103 Early Hints\r\nX-Robots-Tag: noai\r\nContent-Type: text/html\r\n\r\n" +
                picture_reply("bytes"));
  EXPECT_EQ(get(server.url("/x")).bytes, "bytes");
}

TEST_F(FetcherTest, PlainHttpOnATlsPortIsATlsFailure) {
  options.retries = 0;
  server.at("/x", picture_reply("bytes"));
  std::string url = server.url("/x");
  url.replace(0, 4, "https");
  EXPECT_EQ(get(url).reason, FetchReason::kTls);
}

TEST_F(FetcherTest, NobodyListensIsAFailureToConnect) {
  const testing::ReservedPort port;
  const std::string host = "127.0.0.1:" + std::to_string(port.number());
  options.allowed_addresses = {host};
  EXPECT_EQ(get("http://" + host + "/").reason, FetchReason::kConnect);
}

TEST_F(FetcherTest, ProxiesOfTheEnvironmentAreIgnored) {
  server.at("/x", picture_reply("direct"));
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  EXPECT_EQ(get(server.url("/x")).bytes, "direct");
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
}

TEST_F(FetcherTest, ABatchKeepsItsOrderAndIsCounted) {
  std::vector<std::string> urls;
  for (int i = 0; i < 100; ++i) {
    const std::string target = "/" + std::to_string(i);
    if (i % 10 != 3) server.at(target, picture_reply("picture " + std::to_string(i)));
    urls.push_back(server.url(target));
  }
  urls.emplace_back("file:///etc/passwd");
  options.host_concurrency = 8;
  Fetcher fetcher(options, hooks);
  const auto results = fetcher.fetch(urls);
  ASSERT_EQ(results.size(), urls.size());
  for (int i = 0; i < 100; ++i) {
    const auto& result = results[static_cast<size_t>(i)];
    EXPECT_EQ(result.url, urls[static_cast<size_t>(i)]);
    EXPECT_EQ(result.bytes, i % 10 == 3 ? "" : "picture " + std::to_string(i));
  }
  EXPECT_EQ(results.back().reason, FetchReason::kBadUrl);
  EXPECT_EQ(fetcher.counts().of(FetchReason::kOk), 90);
  EXPECT_EQ(fetcher.counts().of(FetchReason::kNotFound), 10);
  EXPECT_EQ(fetcher.counts().to_json().dump(),
            R"({"bytes":891,"from_cache":0,"reasons":{"bad_url":1,"not_found":10,"ok":90},)"
            R"("total":101})");
  EXPECT_TRUE(fetcher.fetch(std::vector<std::string>{}).empty());
}

TEST_F(FetcherTest, ASiteIsAskedByAsManyAtATimeAsTheOptionsSay) {
  std::mutex mutex;
  std::condition_variable came;
  int now = 0, most = 0, arrived = 0;
  std::vector<std::string> urls;
  for (int i = 0; i < 24; ++i) {
    const std::string target = "/" + std::to_string(i);
    urls.push_back(server.url(target));
    server.at(target, [&](Connection& connection) {
      {
        std::unique_lock lock(mutex);
        most = std::max(most, ++now);
        const int together = arrived++ / 3 * 3 + 3;  // answered once three are here
        came.notify_all();
        came.wait(lock, [&] { return arrived >= together; });
        --now;
      }
      connection.send(picture_reply("x"));
    });
  }
  options.host_concurrency = 3;
  Fetcher fetcher(options, hooks);
  for (const auto& result : fetcher.fetch(urls)) EXPECT_TRUE(result.ok());
  EXPECT_EQ(most, 3);
}

TEST_F(FetcherTest, WhatTheCallbackThrowsEndsTheBatchAndTheFetcherGoesOn) {
  std::vector<std::string> urls;
  for (int i = 0; i < 20; ++i) {
    server.at("/" + std::to_string(i), picture_reply("x"));
    urls.push_back(server.url("/" + std::to_string(i)));
  }
  Fetcher fetcher(options, hooks);
  EXPECT_THROW(fetcher.fetch(urls, [](size_t, FetchResult) { fail("test", "expected to stop"); }),
               Error);
  for (const auto& result : fetcher.fetch(urls)) EXPECT_TRUE(result.ok());
}

TEST(FetchOptions, SenselessValuesAreErrors) {
  const auto expect_refused = [](auto change) {
    FetchOptions options;
    change(options);
    EXPECT_THROW(Fetcher{options}, Error);
  };
  expect_refused([](FetchOptions& o) { o.user_agent = ""; });
  expect_refused([](FetchOptions& o) { o.user_agent = "x\r\nHost: y"; });
  expect_refused([](FetchOptions& o) { o.concurrency = 0; });
  expect_refused([](FetchOptions& o) { o.total_seconds = -1; });
  expect_refused([](FetchOptions& o) { o.max_bytes = 0; });
  expect_refused([](FetchOptions& o) { o.retries = -1; });
  expect_refused([](FetchOptions& o) { o.allowed_addresses = {"localhost"}; });
}

TEST(FetchOptions, RetryDelaysDoubleUpToTheCap) {
  FetchOptions options;
  options.backoff_seconds = 0.5;
  options.max_retry_seconds = 30;
  EXPECT_EQ(options.retry_delay(1, {}), 0.5);
  EXPECT_EQ(options.retry_delay(3, {}), 2.0);
  EXPECT_EQ(options.retry_delay(2, 7.0), 7.0);
  EXPECT_EQ(options.retry_delay(3, 1.0), 2.0);
  EXPECT_EQ(options.retry_delay(99, {}), 30.0);
  EXPECT_EQ(options.retry_delay(1, 1e9), 30.0);
}

}  // namespace
}  // namespace flamingo::crawl
