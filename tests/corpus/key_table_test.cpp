#include "flamingo/corpus/key_table.h"

#include <gtest/gtest.h>

#include <map>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::corpus {
namespace {

TEST(KeyTable, CountsAsAMapDoes) {
  KeyCounter counter;
  std::map<uint64_t, uint32_t> expected;
  Rng rng(testing::seeded(1));
  for (int i = 0; i < 50'000; ++i) {
    const uint64_t key = 2 + rng.below(9'000) * (rng.coin(0.5) ? 1 : uint64_t{1} << 40);
    const auto [slot, is_new] = counter.insert(key);
    EXPECT_EQ(is_new, !expected.contains(key));
    ASSERT_EQ(++slot->count, ++expected[key]);
  }
  EXPECT_EQ(counter.size(), expected.size());
}

TEST(KeyTable, KnowsWhatWasInserted) {
  KeySet set;
  EXPECT_FALSE(set.contains(5));
  EXPECT_TRUE(set.insert(5).second);
  EXPECT_FALSE(set.insert(5).second);
  EXPECT_TRUE(set.contains(5));
  EXPECT_FALSE(set.contains(6));
  EXPECT_EQ(set.find(5)->key, 5u);
  EXPECT_EQ(set.find(6), nullptr);
}

TEST(KeyTable, ZeroIsAKey) {
  KeySet set;
  EXPECT_FALSE(set.contains(0));
  EXPECT_TRUE(set.insert(0).second);
  EXPECT_FALSE(set.insert(0).second);
  EXPECT_TRUE(set.contains(0));
}

TEST(KeyTable, ReserveKeepsKeys) {
  KeySet set;
  for (uint64_t key = 1; key <= 10; ++key) set.insert(key);
  set.reserve(1'000);
  for (uint64_t key = 1; key <= 10; ++key) EXPECT_TRUE(set.contains(key));
  EXPECT_EQ(set.size(), 10u);
}

}  // namespace
}  // namespace flamingo::corpus
