#include "flamingo/corpus/warc_pages.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/corpus/warc_store.h"
#include "tests/core/temporary_folder.h"
#include "tests/crawl/compress.h"
#include "tests/crawl/warc_builder.h"

namespace flamingo::corpus {
namespace {

class WarcPagesTest : public ::testing::Test {
 protected:
  /// A record with the block of an answer and more headers.
  static std::string record(const std::string& type, const std::string& name,
                            const std::string& block, const std::string& headers = "") {
    std::string text = testing::warc_record(type, "http://s.example/" + name, block);
    return text.insert(text.find("Content-Length"), headers);
  }
  static std::string page(const std::string& name, const std::string& body,
                          const std::string& headers = "") {
    return record("response", name, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body,
                  headers);
  }
  std::unique_ptr<WarcPages> open(const std::string& file, uint64_t max_bytes = 1000) {
    write_file_atomic(folder_.file("a.warc"), file);
    return std::make_unique<WarcPages>(folder_.file("a.warc"), max_bytes,
                                       std::make_shared<WarcStore>());
  }
  /// "name=body", or the reason, of each page.
  static std::vector<std::string> read(WarcPages& pages) {
    std::vector<std::string> found;
    while (const auto page = pages.next()) {
      const std::string name = page->url.substr(page->url.rfind('/') + 1);
      const bool whole = page->reason == crawl::FetchReason::kOk;
      found.push_back(name + "=" + (whole ? page->bytes : std::string(enum_name(page->reason))));
    }
    return found;
  }

  using Names = std::vector<std::string>;
  using Counts = std::map<std::string, int64_t>;
  testing::TemporaryFolder folder_;
};

TEST_F(WarcPagesTest, ThoseOfTheFileInItsOrderAndEveryAnswerOnce) {
  const std::string file = page("a", "one") + record("response", "b", "HTTP/1.1 404 x\r\n\r\n") +
                           record("request", "a", "GET / HTTP/1.1\r\n\r\n") +
                           record("response", "c", "nonsense") + page("d", "two") +
                           record("response", "e", "HTTP/1.1 301 x\r\nLocation: a\r\n\r\n") +
                           page("f", "cut", "WARC-Truncated: length\r\n");
  for (const std::string& bytes : {file, testing::gzip_text(file)}) {
    const auto pages = open(bytes);
    EXPECT_EQ(read(*pages), (Names{"a=one", "d=two", "f=cut_off"}));
    EXPECT_EQ(
        pages->answers(),
        (Counts{{"page", 2}, {"not_found", 1}, {"bad_reply", 1}, {"redirect", 1}, {"cut_off", 1}}));
    EXPECT_EQ(pages->num_lost(), 0);
  }
}

TEST_F(WarcPagesTest, RevisitsAreThePagesTheyStandForAtTheirOwnAddress) {
  const std::string digest = "WARC-Payload-Digest: sha1:X\r\n";
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
  const auto pages = open(record("revisit", "before", head, digest) + page("a", "one", digest) +
                          page("b", "two") + record("revisit", "after", "", digest) +
                          record("revisit", "gone", head, "WARC-Payload-Digest: sha1:Y\r\n") +
                          record("revisit", "no-page", "", "WARC-Payload-Digest: sha1:Y\r\n"));
  EXPECT_EQ(read(*pages), (Names{"a=one", "b=two", "gone=not_found", "before=one", "after=one"}));
  EXPECT_EQ(pages->answers(), (Counts{{"page", 2}, {"revisit", 2}, {"revisit_not_found", 2}}));
}

TEST_F(WarcPagesTest, CountsWhatIsDamagedOrTooLong) {
  const auto pages = open(
      page("a", "one") + testing::warc_record("response", "b", "x", "99") + page("c", "12345678"),
      4);
  EXPECT_EQ(read(*pages), (Names{"a=one", "c=12345"})) << "one byte tells that it is too long";
  EXPECT_EQ(pages->num_lost(), 1);
  EXPECT_THROW(WarcPages(folder_.file("none"), 4, std::make_shared<WarcStore>()), Error);
}

}  // namespace
}  // namespace flamingo::corpus
