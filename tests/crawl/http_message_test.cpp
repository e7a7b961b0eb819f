#include "flamingo/crawl/http_message.h"

#include <gtest/gtest.h>

#include <string>

#include "flamingo/core/rng.h"
#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

using testing::brotli_text;
using testing::deflate_text;
using testing::gzip_text;
using testing::kRawBits;
using testing::kZlibBits;
using testing::zstd_text;

HttpMessage parse(const std::string& block) {
  std::string exact(block);
  exact.shrink_to_fit();
  return parse_http_response(exact, "x");
}

HttpMessage parse(const std::string& headers, const std::string& body) {
  return parse("HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body);
}

TEST(HttpMessage, ReadsStatusHeadersAndBody) {
  const HttpMessage message = parse(
      "HTTP/1.1 404 Not Found\r\nContent-Type: Text/HTML ; x=y; Charset=\"UTF-8\"\r\n"
      "X-Robots-Tag: noai\r\nx-robots-tag: noimageai\r\nno colon here\r\n\r\n<p>\r\n\r\n");
  EXPECT_EQ(message.status, 404);
  EXPECT_EQ(message.mime, "text/html");
  EXPECT_EQ(message.charset, "utf-8");
  EXPECT_EQ(message.headers.all("X-ROBOTS-TAG"),
            (std::vector<std::string_view>{"noai", "noimageai"}));
  EXPECT_EQ(message.body, "<p>\r\n\r\n");
  EXPECT_FALSE(message.truncated);
  EXPECT_FALSE(message.stored_decoded);
}

TEST(HttpMessage, TakesStatusLinesOfTheWild) {
  EXPECT_EQ(parse("HTTP/2 200\n\nx").body, "x");
  EXPECT_EQ(parse("HTTP/1.0 301 \r\n\r\n").status, 301);
  EXPECT_EQ(parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx").body, "x");
}

TEST(HttpMessage, NeedsAStatusLineAndAnEndOfHeaders) {
  for (const char* block :
       {"", "\r\n\r\n", "<html>\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 -20\r\n\r\n", "HTTP/1.1 600 x\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nx", "HTTP/1.1 200 OK\r\nA: b\r\n", "HTTP/1.1 200 OK"}) {
    EXPECT_THROW(parse(block), Error) << block;
  }
}

TEST(HttpMessage, UndoesChunks) {
  const HttpMessage message =
      parse("Transfer-Encoding: chunked\r\n",
            "4\r\nflam\r\nA; x=\"y\"\r\ningo\r\nbird\r\n00\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(message.body, "flamingo\r\nbird");
  EXPECT_FALSE(message.truncated);
}

TEST(HttpMessage, UndoesCodingsInReverse) {
  const std::string text = "flamingos stand on one leg";
  const struct {
    const char* headers;
    std::string body;
  } cases[] = {
      {"Content-Encoding: gzip\r\n", gzip_text(text)},
      {"Content-Encoding: Deflate\r\n", deflate_text(text, kZlibBits)},
      {"Content-Encoding: deflate\r\n", deflate_text(text, kRawBits)},
      {"Content-Encoding: br\r\n", brotli_text(text)},
      {"Content-Encoding: zstd\r\n", zstd_text(text)},
      {"Content-Encoding: gzip, br\r\n", brotli_text(gzip_text(text))},
      {"Content-Encoding: deflate, gzip\r\n", gzip_text(deflate_text(text, kZlibBits))},
      {"Content-Encoding: deflate\r\nContent-Encoding: identity, gzip\r\n",
       gzip_text(deflate_text(text, kZlibBits))},
      {"Transfer-Encoding: gzip, Chunked\r\n",
       "5\r\n" + gzip_text(text).substr(0, 5) + "\r\nFF\r\n"},
  };
  for (const auto& expected : cases) {
    std::string body = expected.body;
    if (body.ends_with("FF\r\n")) {
      char size[16];
      std::snprintf(size, sizeof size, "%zx\r\n", gzip_text(text).size() - 5);
      body = body.substr(0, body.size() - 4) + size + gzip_text(text).substr(5) + "\r\n0\r\n\r\n";
    }
    const HttpMessage message = parse(expected.headers, body);
    EXPECT_EQ(message.body, text) << expected.headers;
    EXPECT_FALSE(message.truncated);
  }
}

TEST(HttpMessage, BodiesThatWereStoredDecoded) {
  for (const char* headers : {"Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n",
                              "Transfer-Encoding: chunked\r\nContent-Encoding: x-gzip\r\n"}) {
    const HttpMessage message = parse(headers, "<html>\r\nplain");
    EXPECT_EQ(message.body, "<html>\r\nplain") << headers;
    EXPECT_TRUE(message.stored_decoded) << headers;
  }
}

/// Headers stay as the server sent them when an archive undoes a coding; servers name what is none.
TEST(HttpMessage, PassesOverCodingsThatTheBodyLacks) {
  const std::string picture = "\x89PNG\r\n\x1A\n" + std::string(20, '\0');
  for (const char* coding :
       {"br", "deflate", "zstd", "gzip", "gzip, br", "utf-8", "none", "compress", "aws-chunked"}) {
    for (const std::string& body : {std::string("<p>It is plain.</p>"), picture}) {
      const std::string header = std::string("Content-Encoding: ") + coding + "\r\n";
      const HttpMessage message = parse(header + "Content-Length: 99\r\n", body);
      EXPECT_EQ(message.body, body) << coding;
      EXPECT_TRUE(message.stored_decoded) << coding;
      EXPECT_FALSE(message.truncated) << "the length is that of the coded bytes";
    }
  }
  // one of two was undone
  EXPECT_EQ(parse("Content-Encoding: gzip, br\r\n", gzip_text("<p>x</p>")).body, "<p>x</p>");
}

TEST(HttpMessage, ABodyThatCannotBeHadLeavesTheHead) {
  const auto fault = [](const std::string& headers, const std::string& body) {
    try {
      parse("Content-Type: text/html\r\n" + headers, body);
    } catch (const HttpBodyError& error) {
      EXPECT_EQ(error.head.status, 200);
      EXPECT_EQ(error.head.mime, "text/html");
      EXPECT_EQ(error.head.body, "");
      return error.reason;
    }
    return FetchReason::kOk;
  };
  std::string damaged = gzip_text(std::string(200, 'x'));
  damaged[damaged.size() - 5] ^= 1;
  EXPECT_EQ(fault("Content-Encoding: gzip\r\n", damaged), FetchReason::kBadEncoding);
  EXPECT_EQ(fault("Content-Encoding: compress\r\n", "\x1F\x9D\x90"), FetchReason::kBadEncoding);
  EXPECT_EQ(fault("Transfer-Encoding: chunked\r\n", "4\r\nflamingo\r\n0\r\n"),
            FetchReason::kBadReply);
  EXPECT_EQ(fault("Content-Encoding: gzip\r\n", gzip_text(std::string(8 << 20, 'x'))),
            FetchReason::kTooLarge)
      << "a bomb";
}

TEST(HttpMessage, SaysWhenTheBodyIsCutOff) {
  const std::string chunked = "4\r\nflam\r\n4\r\ningo\r\n0\r\n";
  for (size_t cut = 0; cut < chunked.size(); ++cut) {
    const HttpMessage message = parse("Transfer-Encoding: chunked\r\n", chunked.substr(0, cut));
    EXPECT_TRUE(message.truncated) << cut;
    EXPECT_TRUE(std::string("flamingo").starts_with(message.body)) << cut;
  }
  const std::string gzip = gzip_text("flamingo");
  for (size_t cut = 2; cut < gzip.size(); ++cut)
    EXPECT_TRUE(parse("Content-Encoding: gzip\r\n", gzip.substr(0, cut)).truncated) << cut;
  EXPECT_TRUE(parse("Content-Length: 9\r\n", "flamingo").truncated);
  EXPECT_FALSE(parse("Content-Length: 8\r\n", "flamingo").truncated);
  EXPECT_FALSE(parse("Content-Encoding: gzip\r\n", "").truncated);
}

TEST(HttpMessage, RefusesLyingChunksAndCodings) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  for (const char* body : {"4\r\nflamingo\r\n0\r\n", "4\r\nflam\r\n-2\r\nxx\r\n0\r\n",
                           "4\r\nflam\r\nzz\r\n", "4\r\nflam\r\n11111111111111111\r\nx\r\n"}) {
    EXPECT_THROW(parse(chunked, body), Error) << body;
  }
  EXPECT_THROW(parse(chunked, "1;" + std::string(5000, 'x') + "\r\na\r\n0\r\n"), Error);
  EXPECT_THROW(parse("Content-Encoding: br\r\n", std::string("no brotli at all\0", 17)), Error);
  EXPECT_THROW(parse("Content-Encoding: compress\r\n", "\x1F\x9D\x90"), Error);
  EXPECT_THROW(parse("Content-Encoding: gzip, gzip, gzip, gzip, gzip\r\n", "\x1F\x8B"), Error);
  EXPECT_TRUE(parse(chunked, "FFFFFFFFFFFFFFFF\r\nx").truncated);
}

TEST(HttpMessage, AppliesLimits) {
  const auto parse_within = [](const HttpLimits& limits) {
    return parse_http_response("HTTP/1.1 200 OK\r\nA: b\r\nContent-Encoding: gzip\r\n\r\n" +
                                   gzip_text(std::string(10'000, 'x')),
                               "x", limits);
  };
  EXPECT_EQ(parse_within({.max_header_bytes = 49, .max_headers = 3}).status, 200);
  EXPECT_THROW(parse_within({.max_header_bytes = 48}), Error);
  EXPECT_THROW(parse_within({.max_headers = 2}), Error);
  EXPECT_THROW(parse_within({.body = {.max_output = 9'999}}), Error);
  EXPECT_EQ(parse_within({.body = {.max_output = 10'000}}).body.size(), 10'000u);
}

TEST(HttpMessage, SurvivesFlips) {
  const std::string gzip = gzip_text("flamingos stand on one leg, mostly");
  char size[16];
  std::snprintf(size, sizeof size, "%zx", gzip.size());
  std::string block =
      "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
      "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" +
      std::string(size) + "\r\n" + gzip + "\r\n0\r\n\r\n";
  ASSERT_EQ(parse(block).body, "flamingos stand on one leg, mostly");
  Rng rng(testing::seeded(9));
  int errors = 0;
  for (int i = 0; i < 10'000; ++i) {
    const size_t position = rng.below(block.size());
    const char before = block[position];
    block[position] = static_cast<char>(before ^ static_cast<char>(1 + rng.below(255)));
    try {
      parse(block);
    } catch (const Error&) {
      ++errors;
    }
    block[position] = before;
  }
  EXPECT_GT(errors, 1000);
  for (size_t cut = 0; cut < block.size(); ++cut) {
    try {
      EXPECT_TRUE(parse(block.substr(0, cut)).truncated || cut + 4 >= block.size()) << cut;
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace flamingo::crawl
