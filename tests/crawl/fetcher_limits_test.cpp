// Limits hold while the bytes come in, whatever the encoding.

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>

#include "flamingo/core/error.h"
#include "flamingo/crawl/fetcher.h"
#include "tests/crawl/loopback_server.h"

namespace flamingo::crawl {
namespace {

using testing::Connection;
using testing::LoopbackServer;
using testing::picture_reply;

/// window: 31 for gzip, 15 for zlib.
std::string compress(const std::string& text, int window = 31) {
  z_stream stream{};
  require(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK, "test",
          "expected zlib to start");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "test", "expected zlib to finish");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

class FetcherLimitsTest : public ::testing::Test {
 protected:
  FetcherLimitsTest() {
    options.allowed_addresses = {server.host()};
    options.respect_robots = false;
    options.host_delay = 0;
    options.retries = 0;
    options.connect_seconds = options.total_seconds = 600;  // results come of events
  }
  FetchResult get(const std::string& target) {
    Fetcher fetcher(options);
    return std::move(fetcher.fetch(std::vector{server.url(target)}).front());
  }

  LoopbackServer server;
  FetchOptions options;
};

#ifndef __SANITIZE_ADDRESS__
/// Bytes of the line "NAME: ... kB" of this process.
int64_t memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != name + ":") {
  }
  int64_t kilobytes = 0;
  status >> kilobytes;
  return kilobytes << 10;
}

// The first test of the program: the peak that it reads is that of the whole process.
TEST_F(FetcherLimitsTest, ABodyOfTheLongestLengthCostsNoMoreThanItself) {
  server.at("/x", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n");
    const std::string block(1 << 20, 'x');
    for (int i = 0; i < 20; ++i) connection.send(block);
  });
  server.at("/warm", picture_reply("bytes"));
  ASSERT_TRUE(get("/warm").ok());
  const int64_t before = memory("VmRSS");
  const FetchResult result = get("/x");
  EXPECT_EQ(result.bytes.size(), 20U << 20);
  EXPECT_LE(memory("VmHWM") - before, 24 << 20);
}
#endif

TEST_F(FetcherLimitsTest, ContentEncodingsAreUndone) {
  const std::string text(50'000, 'p');
  server.at("/gzip", picture_reply(compress(text), "Content-Encoding: gzip\r\n"));
  server.at("/zlib", picture_reply(compress(text, 15), "Content-Encoding: deflate\r\n"));
  EXPECT_EQ(get("/gzip").bytes, text);
  EXPECT_EQ(get("/zlib").bytes, text);
  EXPECT_NE(server.last_head().find("Accept-Encoding: gzip, deflate\r\n"), std::string::npos);
}

TEST_F(FetcherLimitsTest, AGzipBombIsCutAtTheLimit) {
  const std::string bomb = compress(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000U);
  options.max_bytes = 1 << 20;
  server.at("/once", picture_reply(bomb, "Content-Encoding: gzip\r\n"));
  server.at("/twice", picture_reply(compress(bomb), "Content-Encoding: gzip, gzip\r\n"));
  EXPECT_EQ(get("/once").reason, FetchReason::kTooLarge);
  EXPECT_EQ(get("/twice").reason, FetchReason::kTooLarge);
}

TEST_F(FetcherLimitsTest, CompressedBytesCountTooWhenTheyUnpackToNothing) {
  options.max_bytes = 100'000;
  server.at("/x", [](Connection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: gzip\r\n\r\n");
    connection.send(std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
    std::string empty_blocks;
    for (int i = 0; i < 1'000; ++i) empty_blocks.append("\0\0\0\xff\xff", 5);
    while (connection.send(empty_blocks)) {
    }
  });
  EXPECT_EQ(get("/x").reason, FetchReason::kTooLarge);
}

TEST_F(FetcherLimitsTest, DamagedEncodingsAreRefused) {
  std::string damaged = compress(std::string(50'000, 'p'));
  damaged[20] = static_cast<char>(~damaged[20]);
  server.at("/damaged", picture_reply(damaged, "Content-Encoding: gzip\r\n"));
  server.at("/plain", picture_reply("no gzip", "Content-Encoding: gzip\r\n"));
  server.at("/unknown", picture_reply("bytes", "Content-Encoding: rot13\r\n"));
  server.at("/many", picture_reply("bytes", "Content-Encoding: gzip,gzip,gzip,gzip,gzip,gzip\r\n"));
  for (const char* target : {"/damaged", "/plain", "/unknown", "/many"}) {
    EXPECT_EQ(get(target).reason, FetchReason::kBadEncoding) << target;
  }
}

TEST_F(FetcherLimitsTest, AnErrorPageIsNotReadToItsEnd) {
  server.at("/x", [](Connection& connection) {
    connection.send("HTTP/1.1 404 Not Found\r\n\r\n");
    while (connection.send(std::string(10'000, 'x'))) {
    }
  });
  EXPECT_EQ(get("/x").reason, FetchReason::kNotFound);
}

}  // namespace
}  // namespace flamingo::crawl
