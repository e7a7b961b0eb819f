#include "flamingo/core/checked.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace flamingo {
namespace {

constexpr uint64_t kMax = ~0ull;

TEST(Checked, MultipliesUpToTheLimit) {
  EXPECT_EQ(checked_mul(1ull << 32, (1ull << 32) - 1, "x"), kMax - 0xFFFFFFFFull);
  EXPECT_EQ(checked_mul(kMax, 1, "x"), kMax);
  EXPECT_EQ(checked_mul(kMax, 0, "x"), 0u);
  EXPECT_THROW(checked_mul(1ull << 32, 1ull << 32, "x"), Error);
  EXPECT_THROW(checked_mul(kMax, 2, "x"), Error);
}

TEST(Checked, AddsUpToTheLimit) {
  EXPECT_EQ(checked_add(kMax - 1, 1, "x"), kMax);
  EXPECT_THROW(checked_add(kMax, 1, "x"), Error);
}

TEST(Checked, CountsElements) {
  const auto numel = [](const std::vector<int64_t>& shape) { return checked_numel(shape, "x"); };
  EXPECT_EQ(numel({}), 1u);
  EXPECT_EQ(numel({2, 3, 4}), 24u);
  EXPECT_EQ(numel({2, 0, 4}), 0u);
  EXPECT_THROW(numel({2, -1}), Error);
  EXPECT_THROW(numel({4194305, 4194305, 211106198978564}), Error);  // 4 modulo 2^64
}

TEST(Checked, BoundsSettings) {
  EXPECT_NO_THROW(require_within("f", "n", int64_t{1}, 1, 3));
  EXPECT_NO_THROW(require_within("f", "n", int64_t{3}, 1, 3));
  EXPECT_THROW(require_within("f", "n", int64_t{0}, 1, 3), Error);
  EXPECT_THROW(require_within("f", "n", int64_t{4}, 1, 3), Error);
  EXPECT_NO_THROW(require_within("f", "x", 0.5, 0, 1));
  EXPECT_THROW(require_within("f", "x", std::numeric_limits<double>::quiet_NaN(), 0, 1), Error);
  try {
    require_within("config.json", "layers", int64_t{-1}, 1, 1024);
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[config.json] expected layers in [1, 1024], got -1");
  }
}

TEST(Checked, ErrorsNameThePlace) {
  try {
    checked_add(kMax, kMax, "tensor w");
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("[tensor w]"), std::string::npos);
  }
}

}  // namespace
}  // namespace flamingo
