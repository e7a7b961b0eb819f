#include "flamingo/corpus/page_pictures.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/base64.h"
#include "tests/core/temporary_folder.h"
#include "tests/corpus/warc_site.h"

namespace flamingo::corpus {
namespace {

class PagePicturesTest : public ::testing::Test {
 protected:
  /// What the recipe's only input gives for these addresses.
  std::vector<crawl::FetchResult> get(InputConfig input, const std::vector<std::string>& urls,
                                      std::shared_ptr<const WarcStore> store = nullptr) {
    recipe_.inputs = {std::move(input)};
    const auto plans = plan_shards(recipe_);
    return page_pictures(recipe_, plans[0], std::move(store))->get(urls);
  }

  testing::TemporaryFolder folder_;
  CorpusRecipe recipe_;
};

TEST_F(PagePicturesTest, AFolderGivesItsFilesByTheirAddresses) {
  write_file_atomic(folder_.path() + "/a.html", "?");
  write_file_atomic(folder_.path() + "/my picture.png", "bytes");
  const auto results =
      get({.path = folder_.path(), .url = "https://site.example/v1"},
          {"https://site.example/v1/my%20picture.png", "https://site.example/v1/other.png",
           "https://site.example/up.png", "https://site.example/v1/%2e%2e/%2e%2e/etc/passwd",
           "data:image/png;base64," + io::base64_encode("inline"), "data:image/png,plain",
           "data:image/png;base64,?", "DATA:image/png;base64,aW5sa%57%35l", "data:image/png"});
  ASSERT_EQ(results.size(), 9u);
  EXPECT_EQ(results[0].bytes, "bytes");
  EXPECT_EQ(results[0].url, "https://site.example/v1/my%20picture.png");
  EXPECT_EQ(results[1].reason, crawl::FetchReason::kNotFound);
  EXPECT_EQ(results[2].reason, crawl::FetchReason::kRefused);
  EXPECT_EQ(results[3].reason, crawl::FetchReason::kRefused);
  EXPECT_EQ(results[4].bytes, "inline");
  EXPECT_EQ(results[5].bytes, "plain");
  EXPECT_EQ(results[6].reason, crawl::FetchReason::kBadEncoding);
  EXPECT_EQ(results[7].bytes, "inline");
  EXPECT_EQ(results[8].reason, crawl::FetchReason::kBadUrl);
}

TEST_F(PagePicturesTest, AWarcFileIsReadAgainForWhatIsNotKept) {
  const std::string path = folder_.path() + "/crawl.warc.gz";
  write_file_atomic(path, testing::gzip_each(testing::site_records()));
  const InputConfig input{.path = path, .pictures = PictureOrigin::kWarc};
  const std::vector<std::string> urls = {"http://site.example/1.png", "http://site.example/3.png",
                                         "HTTP://SITE.example:80/2.png", "http://site.example/0"};
  for (const uint64_t max_bytes :
       {uint64_t{0}, testing::random_picture(0).size() + 1, WarcStore::kMaxBytes}) {
    const auto store = std::make_shared<WarcStore>(max_bytes);
    EXPECT_EQ(get(input, urls, store)[0].reason, crawl::FetchReason::kNotFound)
        << "nothing was read";
    recipe_.inputs = {input};
    const auto plans = plan_shards(recipe_);
    const auto pages = open_pages(plans[0], 1 << 20, store);
    while (pages->next()) {
    }
    const auto results = get(input, urls, store);
    EXPECT_EQ(results[0].bytes, testing::random_picture(1));
    EXPECT_EQ(results[1].reason, crawl::FetchReason::kNotFound);
    EXPECT_EQ(results[2].bytes, testing::random_picture(2)) << "one address in two spellings";
    EXPECT_EQ(results[3].reason, crawl::FetchReason::kWrongType) << "a page is no picture";
  }
}

TEST_F(PagePicturesTest, HtmlFilesHaveNoWarc) {
  write_file_atomic(folder_.path() + "/a.html", "?");
  EXPECT_THROW(get({.path = folder_.path(), .pictures = PictureOrigin::kWarc}, {}), Error);
}

}  // namespace
}  // namespace flamingo::corpus
