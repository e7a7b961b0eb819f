#include "flamingo/parquet/footer.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
namespace {

using testing::as_bytes;
using testing::error_of;

TEST(ParquetFooter, LeavesOfTheSchemaAndPlacesOfThePages) {
  const std::string bytes = testing::golden_bytes("parquet/zstd-v1-plain.parquet");
  const ParquetFooter footer = read_parquet_footer(as_bytes(bytes), "x");
  ASSERT_EQ(footer.columns.size(), 9u);
  const ParquetColumn& images = footer.columns[0];
  EXPECT_EQ(images.path, "images.list.element");
  EXPECT_EQ(images.type, ParquetType::kBytes);
  EXPECT_EQ(images.max_repetition, 1);
  EXPECT_EQ(images.max_definition, 3);
  EXPECT_EQ(images.repeated_definition, 2);
  EXPECT_EQ(footer.columns[4].type, ParquetType::kBool);
  EXPECT_EQ(footer.columns[4].repeated_definition, 0);
  ASSERT_EQ(footer.row_groups.size(), 2u);
  EXPECT_EQ(footer.row_groups[0].num_rows, 3);
  EXPECT_EQ(footer.row_groups[1].num_rows, 2);
  const ParquetChunk& chunk = footer.row_groups[0].chunks[0];
  EXPECT_EQ(chunk.codec, 6);
  EXPECT_EQ(chunk.num_entries, 5);  // three, one and an empty list
  EXPECT_EQ(chunk.offset, 4u);
}

TEST(ParquetFooter, RefusesOtherFiles) {
  const auto refused = [](const std::string& bytes) {
    return error_of([&] { read_parquet_footer(as_bytes(bytes), "x"); });
  };
  EXPECT_NE(refused("PAR1").find("4 bytes"), std::string::npos);
  EXPECT_NE(refused("PAR1" + std::string("\0\0\0\0PAR2", 8)).find("both ends"), std::string::npos);
  EXPECT_NE(refused("PAR1" + std::string("\x01\0\0\0PAR1", 8)).find("inside"), std::string::npos);
  // an empty description is no file without columns
  EXPECT_NE(refused("PAR1" + std::string("\0\x01\0\0\0PAR1", 9)).find("schema"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::parquet
