#include "flamingo/corpus/warc_store.h"

#include <gtest/gtest.h>

namespace flamingo::corpus {
namespace {

class WarcStoreTest : public ::testing::Test {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  void add(const std::string& type, const std::string& url, const std::string& block,
           const Headers& headers = {}) {
    crawl::WarcRecord record{.type = type, .target_uri = "http://s.example/" + url, .block = block};
    for (const auto& [name, value] : headers) record.headers.add_line(name + ": " + value);
    record.id = record.headers.value("WARC-Record-ID");
    record.date = record.headers.value("WARC-Date");
    store_.add(number_++, record, *read_answer(record));
  }
  void picture(const std::string& url, const std::string& body, const Headers& headers = {}) {
    add("response", url, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + body, headers);
  }
  void revisit(const std::string& url, const Headers& headers, const std::string& block = "") {
    add("revisit", url, block, headers);
  }
  void redirect(const std::string& from, const std::string& to) {
    add("response", from, "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\n\r\n");
  }
  /// The bytes of an address, or the name of the reason.
  std::string get(const std::string& url) const {
    const auto found = store_.find("http://s.example/" + url);
    return found.entry && found.reason == crawl::FetchReason::kOk
               ? found.entry->body
               : std::string(enum_name(found.reason));
  }

  WarcStore store_;
  uint64_t number_ = 0;
};

TEST_F(WarcStoreTest, TheBestAnswerOfAnAddressCounts) {
  add("response", "a", "HTTP/1.1 404 x\r\n\r\n");
  redirect("a", "/b");
  picture("a", "one");
  picture("a", "two");
  add("response", "gone", "HTTP/1.1 410 x\r\n\r\n");
  EXPECT_EQ(get("a"), "one");
  EXPECT_EQ(get("gone"), "not_found");
  EXPECT_EQ(get("never"), "not_found");
}

TEST_F(WarcStoreTest, RevisitsNameTheirOriginalInManyWays) {
  revisit("before", {{"WARC-Refers-To-Target-URI", "http://s.example/b"}});
  picture("a", "old", {{"WARC-Date", "2020"}, {"WARC-Record-ID", "urn:1"}});
  picture("a", "new", {{"WARC-Date", "2021"}, {"WARC-Payload-Digest", "sha1:NEW"}});
  picture("b", "b");
  revisit("by-id", {{"WARC-Refers-To", "<urn:1>"}});
  revisit("by-time",
          {{"WARC-Refers-To-Target-URI", "<http://s.example/a>"}, {"WARC-Refers-To-Date", "2021"}});
  revisit("by-digest", {{"WARC-Payload-Digest", "SHA1:new"}});
  revisit("a2",
          {{"WARC-Refers-To-Target-URI", "http://s.example/b"}, {"WARC-Payload-Digest", "sha1:X"}});
  EXPECT_EQ(get("before"), "b") << "a revisit in front of its original";
  EXPECT_EQ(get("by-id"), "old");
  EXPECT_EQ(get("by-time"), "new");
  EXPECT_EQ(get("by-digest"), "new");
  EXPECT_EQ(get("a2"), "b") << "whose digest nobody stated";
}

TEST_F(WarcStoreTest, DigestsAreBytesHoweverWritten) {
  picture("hex", "one", {{"WARC-Payload-Digest", "sha1:5BA93C9DB0CFF93F52B521D7420E43F6EDA2784F"}});
  revisit("base32", {{"WARC-Payload-Digest", "sha-1:LOUTZHNQZ74T6UVVEHLUEDSD63W2E6CP"}});
  revisit("other", {{"WARC-Payload-Digest", "sha1:LOUTZHNQZ74T6UVVEHLUEDSD63W2E6CQ"}});
  picture(
      "base32-256", "two",
      {{"WARC-Payload-Digest", "sha256:NZRCYG52EIHXVLYJ2MJKULYD4C7JCLL5JYTAJDYLU4K4QCBLVAPQ===="}});
  revisit("hex-256", {{"WARC-Payload-Digest",
                       "sha256:6e622c1bba220f7aaf09d312aa2f03e0be912d7d4e26048f0ba715c8082ba81f"}});
  EXPECT_EQ(get("base32"), "one");
  EXPECT_EQ(get("other"), "not_found");
  EXPECT_EQ(get("hex-256"), "two");
}

TEST_F(WarcStoreTest, AnotherCaptureIsNotTheOriginal) {
  picture("a", "old", {{"WARC-Date", "2020"}, {"WARC-Payload-Digest", "sha1:OLD"}});
  revisit("other-time",
          {{"WARC-Refers-To-Target-URI", "http://s.example/a"}, {"WARC-Refers-To-Date", "2021"}});
  revisit("other-digest", {{"WARC-Refers-To-Target-URI", "http://s.example/a"},
                           {"WARC-Payload-Digest", "sha1:NEW"}});
  EXPECT_EQ(get("other-time"), "not_found");
  EXPECT_EQ(get("other-digest"), "not_found");
}

TEST_F(WarcStoreTest, NotModifiedMeansTheSameAddress) {
  revisit("a", {{"WARC-Date", "2021"}}, "HTTP/1.1 304 Not Modified\r\n\r\n");
  picture("a", "one", {{"WARC-Date", "2020"}});
  EXPECT_EQ(get("a"), "one");
}

TEST_F(WarcStoreTest, ChainsEnd) {
  picture("p", "p");
  redirect("r0", "p");
  for (int i = 1; i < 30; ++i) redirect("r" + std::to_string(i), "r" + std::to_string(i - 1));
  revisit("v1", {{"WARC-Refers-To-Target-URI", "http://s.example/r5"}});
  revisit("v2", {{"WARC-Refers-To-Target-URI", "http://s.example/v1"}});
  revisit("moved", {}, "HTTP/1.1 301 x\r\nLocation: /p\r\n\r\n");
  redirect("loop", "loop");
  revisit("x", {{"WARC-Refers-To-Target-URI", "http://s.example/y"}});
  revisit("y", {{"WARC-Refers-To-Target-URI", "http://s.example/x"}});
  revisit("self", {{"WARC-Refers-To-Target-URI", "http://s.example/self"}});
  redirect("nowhere", "mailto:x@y");
  EXPECT_EQ(get("r19"), "p") << "20 redirects, as browsers follow";
  EXPECT_EQ(get("r20"), "redirects");
  EXPECT_EQ(get("v2"), "p");
  EXPECT_EQ(get("moved"), "p");
  EXPECT_EQ(get("loop"), "redirects");
  EXPECT_EQ(get("x"), "redirects");
  EXPECT_EQ(get("self"), "not_found");
  EXPECT_EQ(get("nowhere"), "not_found");
}

TEST_F(WarcStoreTest, RobotsTagsOfTheRevisitCountToo) {
  add("response", "p", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nX-Robots-Tag: a\r\n\r\np");
  revisit("v", {{"WARC-Refers-To-Target-URI", "http://s.example/p"}},
          "HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\n\r\n");
  EXPECT_EQ(store_.find("http://s.example/v").use_tags, (std::vector<std::string>{"noai", "a"}));
}

TEST_F(WarcStoreTest, ResourcesAreAnswersAndOtherRecordsAreNot) {
  add("resource", "r", "bytes", {{"Content-Type", "image/png"}});
  EXPECT_EQ(get("r"), "bytes");
  for (const char* type : {"request", "warcinfo", "metadata", "conversion"}) {
    const crawl::WarcRecord record{
        .type = type, .target_uri = "http://s.example/", .block = "HTTP/1.1 200 OK\r\n\r\n"};
    EXPECT_FALSE(read_answer(record)) << type;
  }
  const crawl::WarcRecord dns{
      .type = "response", .target_uri = "dns:s.example", .block = "20200101"};
  EXPECT_FALSE(read_answer(dns));
}

}  // namespace
}  // namespace flamingo::corpus
