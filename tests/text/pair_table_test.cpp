#include "flamingo/text/pair_table.h"

#include <gtest/gtest.h>

#include <map>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::text {
namespace {

TEST(PairTable, EqualsAMap) {
  Rng rng(testing::seeded(10));
  PairTable table;
  std::map<std::pair<int32_t, int32_t>, Merge> map;
  const auto random_id = [&] { return static_cast<int32_t>(rng.below(60)); };
  for (uint32_t i = 0; i < 2000; ++i) {
    const int32_t left = random_id(), right = random_id();
    const Merge merge{i, static_cast<int32_t>(i)};
    table.set(left, right, merge);
    map[{left, right}] = merge;
  }
  for (int32_t left = 0; left < 60; ++left) {
    for (int32_t right = 0; right < 60; ++right) {
      const auto found = map.find({left, right});
      const auto got = table.find(left, right);
      ASSERT_EQ(got.has_value(), found != map.end());
      if (got) {
        EXPECT_EQ(got->id, found->second.id);
      }
    }
  }
}

TEST(PairTable, AnEmptyTableFindsNothing) { EXPECT_FALSE(PairTable(0).find(0, 0).has_value()); }

}  // namespace
}  // namespace flamingo::text
