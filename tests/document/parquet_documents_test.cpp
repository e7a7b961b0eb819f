#include "flamingo/document/parquet_documents.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::document {
namespace {

using testing::error_of;

TEST(ParquetDocuments, RowsOfTwoRowGroups) {
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
    EXPECT_EQ(last.parts[1].media_item, 0);
  }
  EXPECT_TRUE(file->read(2).parts.empty());
  EXPECT_TRUE(file->read(3).parts.empty());
  EXPECT_THROW(file->read(5), Error);
}

TEST(ParquetDocuments, PicturesInStructures) {
  const auto file = open_documents(testing::golden("parquet/embedded.parquet"));
  ASSERT_EQ(file->size(), 4);
  const Document first = file->read(0);
  ASSERT_EQ(first.media.size(), 1u);
  EXPECT_EQ(first.media[0].bytes, testing::golden_bytes("codecs/files/chroma420.jpg"));
  EXPECT_EQ(first.media[0].format, "jpg");
  EXPECT_EQ(first.media[0].url, "a.jpg");
  EXPECT_EQ(first.parts[0].media_item, 0);
  EXPECT_EQ(first.parts[1].text, "My puppy.");
  const Document second = file->read(1);
  EXPECT_EQ(second.parts[0].text, "Two.");
  EXPECT_EQ(second.media.at(0).url, "https://pets.example/b.jpg");
  EXPECT_EQ(second.media[0].bytes, "");
  EXPECT_TRUE(file->read(2).parts.empty());
  EXPECT_TRUE(file->read(3).parts.empty());
}

TEST(ParquetDocuments, OtherColumnsAreAnError) {
  for (const char* name : {"deltas", "chat", "old-names"}) {
    const std::string message = error_of(
        [&] { open_documents(testing::golden("parquet/" + std::string(name) + ".parquet")); });
    EXPECT_NE(message.find("expected columns \"texts\""), std::string::npos) << message;
  }
  const std::string message =
      error_of([] { open_documents(testing::golden("parquet/chat.parquet")); });
  EXPECT_NE(message.find("texts.list.element.user"), std::string::npos) << message;
}

}  // namespace
}  // namespace flamingo::document
