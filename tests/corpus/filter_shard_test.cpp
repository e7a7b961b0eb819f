#include "flamingo/corpus/filter_shard.h"

#include <gtest/gtest.h>

#include "flamingo/core/file.h"
#include "flamingo/corpus/page_pictures.h"
#include "flamingo/document/document_file.h"
#include "flamingo/io/base64.h"
#include "tests/core/temporary_folder.h"
#include "tests/corpus/warc_site.h"

namespace flamingo {
namespace {

using testing::answer;

class FilterShardTest : public ::testing::Test {
 protected:
  /// Filters a WARC file of these records.
  BuildReport filter(const std::string& warc) {
    recipe_.output = folder_.path();
    recipe_.inputs = {{.path = folder_.path() + "/crawl.warc.gz",
                       .pictures = PictureOrigin::kWarc,
                       .licence = "CC0-1.0"}};
    write_file_atomic(recipe_.inputs[0].path, warc);
    make_folder(folder_.path() + "/work");
    const auto plans = plan_shards(recipe_);
    const ShardFiles files(recipe_.output, plans[0].name);
    const PageFilter filter(recipe_);
    const auto store = std::make_shared<WarcPictureStore>();
    const auto pages = open_pages(plans[0], 1 << 20, store);
    const auto pictures = page_pictures(recipe_, plans[0], store);
    pages_ = 0;
    filter_shard({.filter = filter,
                  .plan = plans[0],
                  .pages = *pages,
                  .pictures = *pictures,
                  .on_pages = [this](int64_t pages) { pages_ += pages; }},
                 files);
    documents_ = open_documents(files.filtered);
    return BuildReport::from_json(read_json_file(files.filtered_report), "report");
  }

  testing::TemporaryFolder folder_;
  CorpusRecipe recipe_;
  std::unique_ptr<DocumentFile> documents_;
  int64_t pages_ = 0;
};

TEST_F(FilterShardTest, FindsPicturesAnywhereInTheWarc) {
  const BuildReport report = filter(testing::gzip_each(testing::site_records()));
  EXPECT_EQ(report.pages_kept(), 3) << report.table();
  EXPECT_EQ(report.dropped().at("no_picture_left").pages, 1) << report.table();
  EXPECT_EQ(report.dropped().at("fetch_not_found").media, 1) << report.table();
  EXPECT_EQ(pages_, 4);
  ASSERT_EQ(documents_->size(), 3);
  const Document last = documents_->read(2);
  EXPECT_EQ(last.url, "http://site.example/2");
  EXPECT_EQ(last.media.at(0).bytes, testing::random_picture(2));
}

TEST_F(FilterShardTest, HeadersCanForbidUse) {
  auto records = testing::site_records();
  records.push_back(answer("http://site.example/a", "text/html",
                           testing::page_html("a", testing::random_prose(20), {"0.png"}),
                           "X-Robots-Tag: noai\r\n"));
  records.push_back(answer("http://site.example/b", "text/html",
                           testing::page_html("b", testing::random_prose(21), {"b.png"})));
  records.push_back(answer("http://site.example/b.png", "image/png", testing::random_picture(21),
                           "X-Robots-Tag: noimageai\r\n"));
  const BuildReport report = filter(testing::gzip_each(records));
  EXPECT_EQ(report.dropped().at("use_forbidden").pages, 1) << report.table();
  EXPECT_EQ(report.dropped().at("fetch_use_forbidden").media, 1) << report.table();
}

TEST_F(FilterShardTest, DamagedRecordsAreCounted) {
  auto records = testing::site_records();
  std::string damaged = testing::gzip_text(records[2]);
  damaged[damaged.size() / 2] ^= 0x55;
  records.erase(records.begin() + 2);
  const BuildReport report = filter(damaged + testing::gzip_each(records));
  EXPECT_EQ(report.dropped().at("damaged_record").pages, 1) << report.table();
  EXPECT_EQ(report.pages_kept(), 2) << report.table();
}

TEST_F(FilterShardTest, PicturesInDataAddressesNeedNoSource) {
  const std::string picture = testing::random_picture(30);
  const std::string page = testing::page_html("c", testing::random_prose(30),
                                              {"data:image/png;base64," + base64_encode(picture)});
  recipe_.page.limits.url_bytes = 1 << 20;
  const BuildReport report =
      filter(testing::gzip_text(answer("http://site.example/c", "text/html", page)));
  EXPECT_EQ(report.pages_kept(), 1) << report.table();
  EXPECT_EQ(documents_->read(0).media.at(0).bytes, picture);
}

TEST_F(FilterShardTest, OtherAnswersAreNotPages) {
  std::vector<std::string> records = {
      testing::warc_record("response", "http://site.example/x",
                           "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n" +
                               testing::page_html("x", testing::random_prose(1), {"0.png"})),
      testing::warc_record("request", "http://site.example/y", "GET / HTTP/1.1\r\n\r\n"),
      answer("http://site.example/z.txt", "text/plain", testing::random_prose(2))};
  const BuildReport report = filter(testing::gzip_each(records));
  EXPECT_EQ(report.pages_seen(), 0) << report.table();
}

}  // namespace
}  // namespace flamingo
