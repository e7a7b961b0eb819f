#include "flamingo/document/document_file.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "tests/core/temporary_folder.h"
#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"

namespace flamingo {
namespace {

using testing::error_of;

constexpr const char* kObelics =
    R"({"texts": [null, "My puppy."], "images": ["https://pets.example/a.jpg", null]})";
constexpr const char* kMmc4 =
    R"({"text_list": ["My dog."], "url": "u", "image_info": [{"image_name": "b.jpg",
        "raw_url": "https://pets.example/b.jpg", "matched_text_index": 0, "matched_sim": 0.3}]})";

/// The two on a line each, with a blank line and a damaged one between them.
std::string lines() {
  std::string mmc4 = kMmc4;
  std::erase(mmc4, '\n');
  return std::string(kObelics) + "\n\r\n{\"texts\": 3}\n" + mmc4;
}

class DocumentFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<DocumentFile> open(const std::string& bytes,
                                     const DocumentFileOptions& options = {}) {
    write_file_atomic(path_, bytes);
    return open_documents(path_, options);
  }
  void expect_lines(const DocumentFile& file) {
    ASSERT_EQ(file.size(), 3);
    EXPECT_EQ(file.key(2), "line 4");
    EXPECT_EQ(file.read(0).media[0].url, "https://pets.example/a.jpg");
    EXPECT_NE(error_of([&] { file.read(1); }).find("line 3"), std::string::npos);
    EXPECT_EQ(file.read(2).media[0].url, "https://pets.example/b.jpg");
    EXPECT_EQ(file.read(2).parts[1].text, "My dog.");
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.file("documents");
};

TEST_F(DocumentFileTest, JsonLinesPlainAndCompressed) {
  expect_lines(*open(lines()));
  expect_lines(*open(lines() + "\n"));
  expect_lines(*open(testing::gzip_text(lines())));
  expect_lines(*open(testing::zstd_text(lines())));
  // one member a line
  expect_lines(
      *open(testing::gzip_text(lines().substr(0, 90)) + testing::gzip_text(lines().substr(90))));
}

TEST_F(DocumentFileTest, LimitsOfJsonLines) {
  const std::string packed = testing::zstd_text(lines());
  const std::string message =
      error_of([&] { open(packed, {.max_unpacked_bytes = lines().size() - 1}); });
  EXPECT_NE(message.find(path_), std::string::npos) << message;
  EXPECT_NO_THROW(open(packed, {.max_unpacked_bytes = lines().size()}));
  const auto file = open(lines(), {.max_line_bytes = 100});
  EXPECT_NO_THROW(file->read(0));
  EXPECT_NE(error_of([&] { file->read(2); }).find("at most 100"), std::string::npos);
}

TEST_F(DocumentFileTest, ParquetRowsOfTwoRowGroups) {
  const auto file = open_documents(testing::golden("parquet/snappy-v2-dictionary.parquet"));
  ASSERT_EQ(file->size(), 5);
  EXPECT_EQ(file->key(4), "row 4");
  for (int round = 0; round < 2; ++round) {
    const Document first = file->read(0);
    ASSERT_EQ(first.media.size(), 2u);
    EXPECT_EQ(first.url, "https://pets.example/0");
    EXPECT_EQ(first.media[1].url, "https://pets.example/b.jpg");
    EXPECT_EQ(first.media[1].alt, "a puppy");
    EXPECT_EQ(first.parts[1].text, "My puppy.");
    const Document last = file->read(4);
    EXPECT_EQ(last.url, "https://pets.example/");  // of the picture: the row has none of its own
    EXPECT_EQ(last.parts[0].text, "My puppy.");
    EXPECT_EQ(last.parts[1].medium, 0);
  }
  EXPECT_TRUE(file->read(2).parts.empty());
  EXPECT_TRUE(file->read(3).parts.empty());
  EXPECT_THROW(file->read(5), Error);
}

TEST_F(DocumentFileTest, ParquetOfOtherColumnsIsAnError) {
  const std::string message =
      error_of([] { open_documents(testing::golden("parquet/lz4.parquet")); });
  EXPECT_NE(message.find("got small"), std::string::npos) << message;
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
  const std::string message =
      error_of([] { open_documents(testing::golden("shards/img2dataset.parquet")); });
  EXPECT_NE(message.find("the tar beside"), std::string::npos) << message;
}

TEST_F(DocumentFileTest, ShardsOfOpenFlamingo) {
  const std::string path = testing::golden("shards/openflamingo.tar");
  EXPECT_THROW(open_documents(path)->read(0), Error);  // the picture is below 11,000 bytes
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

TEST_F(DocumentFileTest, OtherFilesAreErrorsWithAHint) {
  EXPECT_NE(error_of([&] { open(std::string("PK\3\4") + lines()); }).find("unzip"),
            std::string::npos);
  EXPECT_THROW(open(""), Error);
  EXPECT_THROW(open("\n\n"), Error);
  EXPECT_THROW(open("url,caption\n"), Error);
  EXPECT_THROW(open("PAR1"), Error);
  EXPECT_NE(error_of([&] {
              open(testing::gzip_text("0.jpg" + std::string(507, '\0')));
            }).find("lines of JSON"),
            std::string::npos);
  EXPECT_THROW(open_documents(folder_.path()), Error);
}

TEST_F(DocumentFileTest, DamagedLinesAreErrorsOrDocuments) {
  const std::string good = lines() + "\n";
  std::string all = good;  // 2,000 times with one byte changed
  Rng rng(5);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good;
    bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    all += bytes;
  }
  const auto file = open(all);
  int num_read = 0;
  for (int64_t line = 0; line < file->size(); ++line) {
    try {
      file->read(line);
      ++num_read;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(num_read, 2000);
  EXPECT_LT(num_read, 4002);
}

}  // namespace
}  // namespace flamingo
