#include "flamingo/corpus/warc_answer.h"

#include <gtest/gtest.h>

namespace flamingo::corpus {
namespace {

using Headers = std::vector<std::string>;

std::optional<WarcAnswer> answer_of(const std::string& type, const std::string& block,
                                    const Headers& headers = {},
                                    const std::string& uri = "http://s.example/a") {
  crawl::WarcRecord record{.type = type, .target_uri = uri, .block = block};
  for (const std::string& header : headers) record.headers.add_line(header);
  return read_answer(record);
}

/// The kind of a whole answer, else the reason.
std::string name_of(const std::optional<WarcAnswer>& answer) {
  if (!answer) return "none";
  const bool whole = answer->reason == crawl::FetchReason::kOk;
  EXPECT_EQ(answer->detail.empty(), whole);
  EXPECT_TRUE(whole || answer->message.body.empty());
  return std::string(whole ? enum_name(answer->kind) : enum_name(answer->reason));
}

std::string response(const std::string& headers, const std::string& body,
                     const Headers& warc_headers = {}) {
  return name_of(
      answer_of("response", "HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body, warc_headers));
}

const std::string kHtml = "Content-Type: text/html\r\n";
const std::string kGif = "GIF89a\1\0\1\0";

TEST(WarcAnswer, PagesByTheirTypeOrBytes) {
  EXPECT_EQ(response(kHtml, "x"), "page");
  EXPECT_EQ(response("Content-Type: TEXT/html, text/html; charset=utf-8\r\n", "x"), "page");
  EXPECT_EQ(response("Content-Type: application/xhtml+xml\r\n", "x"), "page");
  for (const char* unknown : {"", "Content-Type: \r\n", "Content-Type: unknown/unknown\r\n"}) {
    EXPECT_EQ(response(unknown, "<!doctype html>x"), "page") << unknown;
    EXPECT_EQ(response(unknown, "x"), "other") << unknown;
  }
  EXPECT_EQ(response("Content-Type: text/plain\r\n", "<!doctype html>x"), "other");
}

TEST(WarcAnswer, PicturesByTheirBytesOrType) {
  for (const char* type : {"", "Content-Type: binary/octet-stream\r\n",
                           "Content-Type: text/html\r\n", "Content-Type: image/png\r\n"})
    EXPECT_EQ(response(type, kGif), "picture") << type;
  EXPECT_EQ(response("Content-Type: image/png\r\n", "x"), "picture") << "judged when decoded";
}

TEST(WarcAnswer, RedirectsNeedAnAddress) {
  EXPECT_EQ(name_of(answer_of("response", "HTTP/1.1 302 x\r\nLocation: /b\r\n\r\n")), "redirect");
  EXPECT_EQ(name_of(answer_of("response", "HTTP/1.1 302 x\r\n\r\n")), "http_status");
  EXPECT_EQ(name_of(answer_of("response", "HTTP/1.1 304 x\r\nLocation: /b\r\n\r\n")),
            "http_status");
}

TEST(WarcAnswer, EveryOtherOneHasItsReason) {
  EXPECT_EQ(name_of(answer_of("response", "HTTP/1.1 404 x\r\n\r\n")), "not_found");
  EXPECT_EQ(name_of(answer_of("response", "HTTP/1.1 503 x\r\n\r\n")), "server_error");
  EXPECT_EQ(name_of(answer_of("response", "not HTTP")), "bad_reply");
  EXPECT_EQ(response(kHtml + "Content-Encoding: br\r\n", std::string("\xE4\xE4\0", 3)),
            "bad_encoding");
  EXPECT_EQ(response(kHtml + "Content-Length: 9\r\n", "x"), "cut_off");
  EXPECT_EQ(response(kHtml, "x", {"WARC-Truncated: length"}), "cut_off");
  EXPECT_EQ(response(kHtml, "x", {"WARC-Segment-Number: 1"}), "cut_off");
  const auto lost = answer_of(
      "response", "HTTP/1.1 200 OK\r\n" + kHtml + "Content-Encoding: gzip\r\n\r\n\x1F\x8B\x08");
  EXPECT_EQ(lost->kind, AnswerKind::kPage) << "the head tells what is lost";
  EXPECT_EQ(name_of(lost), "cut_off");
}

TEST(WarcAnswer, RevisitsHaveTheHeadersThatTheyHave) {
  const auto with = answer_of("revisit", "HTTP/1.1 304 x\r\nX-Robots-Tag: noai\r\n\r\n");
  EXPECT_EQ(name_of(with), "revisit");
  EXPECT_EQ(with->message.headers.value("X-Robots-Tag"), "noai");
  EXPECT_EQ(name_of(answer_of("revisit", "", {"WARC-Truncated: length"})), "revisit");
  EXPECT_EQ(name_of(answer_of("revisit", "HTTP/1.1 301 x\r\nLocation: b\r\n\r\n")), "redirect");
}

TEST(WarcAnswer, ResourcesAreWhatTheRecordSays) {
  EXPECT_EQ(name_of(answer_of("resource", "x", {"Content-Type: text/html"})), "page");
  EXPECT_EQ(name_of(answer_of("resource", kGif, {"Content-Type: text/plain"}, "file:///a")),
            "picture");
  EXPECT_EQ(name_of(answer_of("resource", "x", {}, "urn:x")), "none");
  EXPECT_EQ(name_of(answer_of("response", "x", {}, "dns:s.example")), "none");
  for (const char* type : {"request", "metadata", "warcinfo", "conversion"})
    EXPECT_EQ(name_of(answer_of(type, "HTTP/1.1 200 OK\r\n\r\nx")), "none") << type;
}

}  // namespace
}  // namespace flamingo::corpus
