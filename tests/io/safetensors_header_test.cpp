#include "flamingo/io/safetensors_header.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

TEST(SafetensorsHeader, KeepsEntriesInFileOrder) {
  const SafetensorsHeader header =
      parse_safetensors_header(R"({"z":{"data_offsets":[6,8],"shape":[1,2],"dtype":"I8"},)"
                               R"("__metadata__":{"b":"2","a":"1"},)"
                               R"("\u0061":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}})",
                               "x");
  ASSERT_EQ(header.entries.size(), 2u);
  EXPECT_EQ(header.entries[0].name, "z");
  EXPECT_EQ(header.entries[0].dtype, DType::kI8);
  EXPECT_EQ(header.entries[0].shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(header.entries[0].offsets, (std::array<uint64_t, 2>{6, 8}));
  EXPECT_EQ(header.entries[1].name, "a");
  EXPECT_EQ(header.metadata.at("b"), "2");
}

TEST(SafetensorsHeader, EscapedNamesAreDuplicatesToo) {
  const std::string json = R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                           R"("\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})";
  EXPECT_NE(testing::error_of([&] { parse_safetensors_header(json, "x"); }).find("duplicate"),
            std::string::npos);
}

TEST(SafetensorsHeader, LongListsCostNoMemory) {
  std::string json = R"({"a":{"dtype":"U8","shape":[0)";
  for (int i = 0; i < 1'000'000; ++i) json += ",0";
  EXPECT_NE(testing::error_of([&] { parse_safetensors_header(json, "x"); }).find("at most 8"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::io
