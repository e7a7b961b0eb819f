#include "flamingo/crawl/response_head.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace flamingo::crawl {
namespace {

/// What lines, each with its line end, make of a head.
ResponseHead head_of(std::initializer_list<std::string_view> lines) {
  ResponseHead head;
  for (const std::string_view line : lines) {
    EXPECT_TRUE(head.add_line(std::string(line) + "\r\n")) << line;
  }
  return head;
}

ResponseHead with(std::string_view header) { return head_of({"HTTP/1.1 200 OK", header, ""}); }

TEST(ResponseHead, ReadsWhatACrawlerAsksFor) {
  const ResponseHead head =
      head_of({"HTTP/1.1 200 OK", "content-TYPE:  Text/HTML ; charset=UTF-8", "Content-Length: 512",
               "X-Robots-Tag: noai", "x-robots-tag: unavailable_after: 25 Jun 2010", "no colon",
               "Server: x", ""});
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.content_type(), "text/html");
  EXPECT_EQ(head.content_length(), 512u);
  EXPECT_EQ(head.robots_tags(),
            (std::vector<std::string>{"noai", "unavailable_after: 25 Jun 2010"}));
  EXPECT_EQ(head.location(), "");
  EXPECT_EQ(head.retry_after(0), std::nullopt);
}

TEST(ResponseHead, StatusLines) {
  EXPECT_EQ(head_of({"HTTP/2 404"}).status(), 404);
  EXPECT_EQ(head_of({"HTTP/1.0  301 Moved"}).status(), 301);
  EXPECT_EQ(head_of({"HTTP/1.1"}).status(), 0);
  EXPECT_EQ(head_of({"HTTP/1.1 OK"}).status(), 0);
  EXPECT_FALSE(head_of({"HTTP/1.1 OK", ""}).complete());
}

TEST(ResponseHead, IsCompleteAtTheEmptyLine) {
  ResponseHead head = head_of({"HTTP/1.1 200 OK", "Content-Type: text/html"});
  EXPECT_FALSE(head.complete());
  head.add_line("\n");
  EXPECT_TRUE(head.complete());
}

TEST(ResponseHead, InterimAnswersGiveWay) {
  ResponseHead head = head_of({"HTTP/1.1 103 Early Hints", "Location: /early", "X-Robots-Tag: noai",
                               "Content-Length: 7", ""});
  EXPECT_FALSE(head.complete());
  head.add_line("HTTP/1.1 200 OK\r\n");
  head.add_line("\r\n");
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.location(), "");
  EXPECT_TRUE(head.robots_tags().empty());
  EXPECT_EQ(head.content_length(), std::nullopt);
}

TEST(ResponseHead, LeavesTrailersAlone) {
  const ResponseHead head = head_of({"HTTP/1.1 200 OK", "Content-Type: image/png", "",
                                     "Content-Type: text/html", "X-Robots-Tag: noai"});
  EXPECT_EQ(head.content_type(), "image/png");
  EXPECT_TRUE(head.robots_tags().empty());
}

TEST(ResponseHead, LengthsAreDigitsAlone) {
  EXPECT_EQ(with("Content-Length: 18446744073709551615").content_length(), UINT64_MAX);
  for (const char* length : {"", "-1", "12 bytes", "0x10", "18446744073709551616"}) {
    EXPECT_EQ(with(std::string("Content-Length: ") + length).content_length(), std::nullopt)
        << length;
  }
}

TEST(ResponseHead, AllLinesTogetherHaveALimit) {
  const std::string line = "A: " + std::string(1021, 'x');  // 1 KiB
  ResponseHead head;
  for (size_t bytes = 0; bytes < ResponseHead::kMaxBytes; bytes += line.size()) {
    ASSERT_TRUE(head.add_line(line));
  }
  EXPECT_FALSE(head.add_line("x"));
}

TEST(ResponseHead, InterimAnswersCountToo) {
  const std::string line = "A: " + std::string((48 << 10) - 3, 'x');
  ResponseHead head = head_of({"HTTP/1.1 103 Early Hints", line, ""});
  ASSERT_TRUE(head.add_line("HTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(head.add_line(line));
}

TEST(ResponseHead, WaitsForSecondsOrUntilADate) {
  EXPECT_EQ(with("Retry-After: 120").retry_after(1'445'412'480), 120.0);
  const ResponseHead dated = with("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT");
  EXPECT_EQ(dated.retry_after(1'445'412'480 - 30), 30.0);
  EXPECT_EQ(dated.retry_after(1'445'412'480 + 30), 0.0);
  EXPECT_EQ(with("Retry-After: soon").retry_after(0), std::nullopt);
}

TEST(ResponseHead, RedirectsNeedAPlace) {
  for (int status = 200; status < 400; ++status) {
    const std::string line = "HTTP/1.1 " + std::to_string(status) + " x";
    const bool moved = (status >= 301 && status <= 303) || status == 307 || status == 308;
    EXPECT_EQ(head_of({line, "Location: /a", ""}).is_redirect(), moved) << status;
    EXPECT_FALSE(head_of({line, "Location:", ""}).is_redirect()) << status;
  }
}

}  // namespace
}  // namespace flamingo::crawl
