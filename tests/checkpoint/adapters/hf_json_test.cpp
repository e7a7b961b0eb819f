#include "flamingo/checkpoint/adapters/hf_json.h"

#include <gtest/gtest.h>

namespace flamingo::checkpoint {
namespace {

TEST(HfJson, FieldsWithAndWithoutDefaults) {
  const Json json{{"a", 3}, {"b", nullptr}, {"c", "x"}};
  EXPECT_EQ(field_or<int64_t>(json, "a", 7, "t"), 3);
  EXPECT_EQ(field_or<int64_t>(json, "b", 7, "t"), 7);
  EXPECT_EQ(field_or<int64_t>(json, "d", 7, "t"), 7);
  EXPECT_EQ(field_at<std::string>(json, "c", "t"), "x");
  EXPECT_THROW(field_or<int64_t>(json, "c", 7, "t"), Error);
  EXPECT_THROW(field_at<int64_t>(json, "d", "t"), Error);
  EXPECT_THROW(field_at<int64_t>(Json(3), "d", "t"), Error);
}

TEST(HfJson, SizesAndNumbersAreBounded) {
  const Json json{
      {"zero", 0}, {"minus", -1}, {"wide", kMostSize + 1}, {"none", nullptr}, {"x", 2.5}};
  EXPECT_EQ(size_or(json, "none", 7, "t"), 7);
  EXPECT_EQ(size_or(json, "zero", 7, "t", 0), 0);
  EXPECT_THROW(size_or(json, "zero", 7, "t"), Error);
  for (const char* name : {"zero", "minus", "wide", "none", "absent", "x"}) {
    EXPECT_THROW(size_at(json, name, "t"), Error) << name;
  }
  EXPECT_EQ(number_or(json, "x", 1.0, 3.0, "t"), 2.5);
  EXPECT_EQ(number_or(json, "absent", 1.0, 3.0, "t"), 1.0);
  EXPECT_THROW(number_or(json, "x", 1.0, 2.0, "t"), Error);
  EXPECT_THROW(number_or(json, "minus", 1.0, 2.0, "t"), Error);
}

}  // namespace
}  // namespace flamingo::checkpoint
