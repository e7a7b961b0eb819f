#include "flamingo/checkpoint/adapters/hf_json.h"

#include <gtest/gtest.h>

namespace flamingo {
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

}  // namespace
}  // namespace flamingo
