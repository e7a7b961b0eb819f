#include "flamingo/document/shard.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/document/document_json.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::document {
namespace {

Document pets(const std::string& picture) {
  Document page{.url = "https://pets.example/" + picture};
  page.media = {{.bytes = picture + " bytes", .format = "jpg"},
                {.kind = MediaKind::kVideo, .bytes = "clip", .format = "mp4"}};
  page.parts = {Part::of_media_item(0), Part::of_text("My puppy."), Part::of_media_item(1)};
  return page;
}

class ShardTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name) {
    const std::string path = folder_.path() + "/" + name;
    ShardWriter writer(path);
    writer.add("000000", pets("a"));
    writer.add("000001", pets("b"));
    writer.finish();
    return path;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ShardTest, ReadsWhatItWrites) {
  const auto file = open_documents(write("a.tar"));
  ASSERT_EQ(file->size(), 2);
  EXPECT_EQ(file->key(1), "000001");
  const Document page = file->read(1);
  EXPECT_EQ(page.url, "https://pets.example/b");
  EXPECT_EQ(page.media[0].bytes, "b bytes");
  EXPECT_EQ(page.media[1].bytes, "clip");
  EXPECT_EQ(page.media[1].kind, MediaKind::kVideo);
  EXPECT_EQ(page.media[0].sha256.size(), 64u);
}

TEST_F(ShardTest, EqualDocumentsGiveEqualBytes) {
  EXPECT_EQ(read_file(write("a.tar"), 1 << 20), read_file(write("b.tar"), 1 << 20));
}

TEST_F(ShardTest, ADamagedPictureIsOneDocumentsError) {
  const std::string path = write("a.tar");
  std::string bytes = read_file(path, 1 << 20);
  bytes[bytes.find("b bytes")] = 'x';
  write_file_atomic(path, bytes);
  const auto file = open_documents(path);
  EXPECT_NO_THROW(file->read(0));
  try {
    file->read(1);
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("a.tar: 000001"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("SHA-256"), std::string::npos) << error.what();
  }
}

TEST_F(ShardTest, ASampleOfAnotherKindAndAMissingMemberAreErrors) {
  const std::string path = folder_.path() + "/c.tar";
  io::TarWriter tar(path);
  tar.add("1.xyz", "?");
  Document page = pets("a");
  tar.add("2.json", document_to_json(page));
  tar.finish();
  const auto file = open_documents(path);
  ASSERT_EQ(file->size(), 2);
  EXPECT_THROW(file->read(0), Error);
  EXPECT_THROW(file->read(1), Error);
}

TEST_F(ShardTest, RefusesKeysWithDotsAndMediaWithoutBytes) {
  ShardWriter writer(folder_.path() + "/d.tar");
  EXPECT_THROW(writer.add("a.b", pets("a")), Error);
  Document page = pets("a");
  page.media[1].bytes.clear();
  EXPECT_THROW(writer.add("a", page), Error);
}

}  // namespace
}  // namespace flamingo::document
