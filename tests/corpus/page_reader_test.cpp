#include "flamingo/corpus/page_reader.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::corpus {
namespace {

class PageReaderTest : public ::testing::Test {
 protected:
  PageReaderTest() {
    for (const char* name : {"b.html", "a.html", "sub/c d.html", "picture.png", "notes.txt"}) {
      const std::string path = folder_.path() + "/" + name;
      make_folder(path.substr(0, path.rfind('/')));
      write_file_atomic(path, std::string("content of ") + name);
    }
  }

  CorpusRecipe recipe(InputConfig input) {
    input.path = input.path.empty() ? folder_.path() : input.path;
    CorpusRecipe recipe;
    recipe.inputs = {std::move(input)};
    return recipe;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(PageReaderTest, CutsAFolderIntoShardsInOrder) {
  const CorpusRecipe two = recipe({.pages_per_shard = 2});
  const auto plans = plan_shards(two);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(plans[0].name, "000000");
  EXPECT_EQ(plans[0].files,
            (std::vector<std::string>{folder_.path() + "/a.html", folder_.path() + "/b.html"}));
  EXPECT_EQ(plans[1].name, "000001");
  EXPECT_EQ(plans[1].files, std::vector<std::string>{folder_.path() + "/sub/c d.html"});
}

TEST_F(PageReaderTest, EachWarcFileIsAShard) {
  write_file_atomic(folder_.path() + "/x.warc.gz", "?");
  const CorpusRecipe all = recipe({.match = "*"});
  const auto plans = plan_shards(all);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_TRUE(plans[0].is_warc());
  EXPECT_FALSE(plans[1].is_warc());
}

TEST_F(PageReaderTest, ReadsPagesWithTheirAddresses) {
  const CorpusRecipe all = recipe({.url = "https://docs.example/v2"});
  const auto plans = plan_shards(all);
  const auto reader = open_pages(plans[0], 1000);
  std::vector<std::string> urls;
  while (const auto page = reader->next()) {
    urls.push_back(page->url);
    EXPECT_TRUE(page->bytes.starts_with("content of ")) << page->bytes;
  }
  EXPECT_EQ(urls, (std::vector<std::string>{"https://docs.example/v2/a.html",
                                            "https://docs.example/v2/b.html",
                                            "https://docs.example/v2/sub/c%20d.html"}));
}

TEST_F(PageReaderTest, AFileThatIsTooLongIsNotReadButStillTooLong) {
  const CorpusRecipe all = recipe({});
  const auto plans = plan_shards(all);
  EXPECT_EQ(open_pages(plans[0], 5)->next()->bytes.size(), 6u);
}

TEST_F(PageReaderTest, AnAddressHasItsPathInTheFolder) {
  for (const char* url : {"", "https://docs.example/v2/"}) {
    const InputConfig input{.path = folder_.path(), .url = url};
    const std::string address = url_of_file(input, folder_.path() + "/sub/c d%.html");
    EXPECT_EQ(path_in_folder(input, address), "sub/c%20d%25.html");
    EXPECT_EQ(path_in_folder(input, address + "?x=1#y"), "sub/c%20d%25.html");
    EXPECT_EQ(path_in_folder(input, "https://other.example/v2/a.html"), std::nullopt);
  }
}

TEST_F(PageReaderTest, NamesWhatIsMissing) {
  EXPECT_THROW(plan_shards(recipe({.path = "/nowhere"})), Error);
  EXPECT_THROW(plan_shards(recipe({.match = "*.xyz"})), Error);
}

}  // namespace
}  // namespace flamingo::corpus
