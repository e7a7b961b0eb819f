#include "flamingo/document/document_file.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/document/unusable.h"
#include "tests/core/temporary_folder.h"
#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"

namespace flamingo::document {
namespace {

using testing::error_of;

class DocumentFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<DocumentFile> open(const std::string& bytes) {
    write_file_atomic(path_, bytes);
    return open_documents(path_);
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.file("documents");
};

TEST_F(DocumentFileTest, TellsFilesApartByContent) {
  const std::string line = R"({"texts": ["My puppy."], "images": [null]})";
  for (const std::string& bytes : {line, "\n " + line, "\xEF\xBB\xBF" + line,
                                   testing::gzip_text(line), testing::zstd_text(line)})
    EXPECT_EQ(open(bytes)->read(0).parts.at(0).text, "My puppy.");
  EXPECT_EQ(open_documents(testing::golden("parquet/none-v1-plain.parquet"))->size(), 5);
}

TEST_F(DocumentFileTest, ShardsOfImg2dataset) {
  const auto file = open_documents(testing::golden("shards/img2dataset.tar"));
  ASSERT_EQ(file->size(), 2);
  EXPECT_EQ(file->key(0), "000000000");
  const Document pair = file->read(0);
  EXPECT_EQ(pair.url, "https://pets.example/000000000.jpg");
  EXPECT_EQ(pair.media.at(0).bytes, testing::golden_bytes("codecs/files/chroma420.jpg"));
  EXPECT_EQ(pair.media[0].width, 256);
  EXPECT_EQ(pair.parts.at(1).text, "A puppy.");
  EXPECT_NE(error_of([&] { file->read(1); }).find("caption"), std::string::npos);
  EXPECT_THROW(file->read(1), UnusableDocument);
  EXPECT_TRUE(file->warnings().empty());
  const std::string message =
      error_of([] { open_documents(testing::golden("shards/img2dataset.parquet")); });
  EXPECT_NE(message.find("the tar beside"), std::string::npos) << message;
}

TEST_F(DocumentFileTest, ShardsOfOpenFlamingo) {
  const std::string path = testing::golden("shards/openflamingo.tar");
  EXPECT_THROW(open_documents(path)->read(0),
               UnusableDocument);  // the picture is below 11,000 bytes
  const auto file = open_documents(path, {.mmc4 = {.min_bytes = 1}});
  ASSERT_EQ(file->size(), 1);
  const Document page = file->read(0);
  ASSERT_EQ(page.media.size(), 1u);
  EXPECT_EQ(page.media[0].bytes, testing::golden_bytes("codecs/files/chroma420.jpg"));
  EXPECT_EQ(page.media[0].format, "jpg");
  ASSERT_EQ(page.parts.size(), 3u);
  EXPECT_EQ(page.parts[0].text, "My dog\xE2\x80\x99s bed.");
  EXPECT_EQ(page.parts[2].text, "It sleeps.");
}

TEST_F(DocumentFileTest, ShardsWithoutEndAreReadWithAWarning) {
  const std::string shard = testing::golden_bytes("shards/img2dataset.tar");
  const std::string bare = shard.substr(0, shard.find_last_not_of('\0') / 512 * 512 + 512);
  const auto cut = open(bare);
  EXPECT_EQ(cut->size(), 2);
  ASSERT_EQ(cut->warnings().size(), 1u);
  EXPECT_NE(cut->warnings()[0].find(path_ + ": the archive has no end mark"), std::string::npos);
  const auto twice = open(shard + shard);
  EXPECT_EQ(twice->size(), 4);
  EXPECT_EQ(twice->warnings().size(), 1u);
}

TEST_F(DocumentFileTest, OtherFilesAreErrorsWithAHint) {
  EXPECT_NE(error_of([&] { open("[{\"texts\": []}]"); }).find("one JSON list"), std::string::npos);
  EXPECT_NE(error_of([&] { open(std::string("\xFF\xFE{\0", 4)); }).find("UTF-16"),
            std::string::npos);
  EXPECT_NE(error_of([&] { open(std::string("PK\3\4") + "{}"); }).find("unzip"), std::string::npos);
  std::string reserved = testing::gzip_text("{}");
  reserved[3] = '\x20';
  EXPECT_NE(error_of([&] { open(reserved); }).find("reserved flags"), std::string::npos);
  EXPECT_NE(error_of([&] { open(""); }).find("got an empty file"), std::string::npos);
  EXPECT_NE(error_of([&] { open("\n\n"); }).find("got an empty file"), std::string::npos);
  EXPECT_NE(error_of([&] { open("url,caption\n"); }).find("got 12 bytes that begin like none"),
            std::string::npos);
  write_file_atomic(folder_.file("a.zst"), std::string(600, 'x'));
  EXPECT_NE(error_of([&] { open_documents(folder_.file("a.zst")); }).find("starts otherwise"),
            std::string::npos);
  EXPECT_THROW(open("PAR1"), Error);
  EXPECT_NE(error_of([&] {
              open(testing::gzip_text("0.jpg" + std::string(507, '\0')));
            }).find("lines of JSON"),
            std::string::npos);
  EXPECT_THROW(open_documents(folder_.path()), Error);
}

}  // namespace
}  // namespace flamingo::document
