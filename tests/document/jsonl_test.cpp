#include "flamingo/document/jsonl.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "tests/core/temporary_folder.h"
#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::document {
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

class JsonlTest : public ::testing::Test {
 protected:
  std::unique_ptr<DocumentFile> open(const std::string& bytes,
                                     const DocumentFileOptions& options = {}) {
    write_file_atomic(path_, bytes);
    return std::make_unique<JsonlDocuments>(path_, options);
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

TEST_F(JsonlTest, PlainAndCompressed) {
  expect_lines(*open(lines()));
  expect_lines(*open(lines() + "\n"));
  expect_lines(*open("\xEF\xBB\xBF" + lines()));
  expect_lines(*open(testing::gzip_text("\xEF\xBB\xBF" + lines())));
  expect_lines(*open(testing::gzip_text(lines())));
  expect_lines(*open(testing::zstd_text(lines())));
  // one member a line
  expect_lines(
      *open(testing::gzip_text(lines().substr(0, 90)) + testing::gzip_text(lines().substr(90))));
}

TEST_F(JsonlTest, LimitsHold) {
  const std::string packed = testing::zstd_text(lines());
  const std::string message =
      error_of([&] { open(packed, {.max_unpacked_bytes = lines().size() - 1}); });
  EXPECT_NE(message.find(path_), std::string::npos) << message;
  EXPECT_NO_THROW(open(packed, {.max_unpacked_bytes = lines().size()}));
  const auto file = open(lines(), {.max_line_bytes = 100});
  EXPECT_NO_THROW(file->read(0));
  EXPECT_NE(error_of([&] { file->read(2); }).find("at most 100"), std::string::npos);
}

TEST_F(JsonlTest, DamagedLinesAreErrorsOrDocuments) {
  const std::string good = lines() + "\n";
  std::string all = good;  // 2,000 times with one byte changed
  Rng rng(testing::seeded(5));
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
}  // namespace flamingo::document
