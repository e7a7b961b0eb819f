#include "flamingo/corpus/picture_index.h"

#include <gtest/gtest.h>

#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/corpus/picture_hash.h"

namespace flamingo::corpus {
namespace {

/// The answer by looking at everything.
std::optional<uint32_t> nearest(const std::vector<uint64_t>& hashes, uint64_t hash, int distance) {
  std::optional<uint32_t> best;
  for (uint32_t i = 0; i < hashes.size(); ++i) {
    if (hash_distance(hashes[i], hash) > distance) continue;
    if (!best || hash_distance(hashes[i], hash) < hash_distance(hashes[*best], hash)) best = i;
  }
  return best;
}

uint64_t flip_bits(uint64_t hash, uint64_t count, Rng& rng) {
  for (uint64_t i = 0; i < count; ++i) hash ^= uint64_t{1} << rng.below(64);
  return hash;
}

class PictureIndexDistance : public ::testing::TestWithParam<int> {};

TEST_P(PictureIndexDistance, FindsWhatASearchThroughAllFinds) {
  const int distance = GetParam();
  PictureIndex index(distance);
  std::vector<uint64_t> hashes;
  Rng rng(static_cast<uint64_t>(distance) + 1);
  int found = 0;
  for (int i = 0; i < 600; ++i) {
    const uint64_t hash =
        hashes.empty() || rng.coin(0.3)
            ? rng.next()
            : flip_bits(hashes[rng.below(hashes.size())], rng.below(distance + 2), rng);
    const std::optional<uint32_t> expected = nearest(hashes, hash, distance);
    ASSERT_EQ(index.find(hash), expected);
    found += expected.has_value();
    EXPECT_EQ(index.add(hash), hashes.size());
    hashes.push_back(hash);
  }
  EXPECT_EQ(index.size(), 600u);
  EXPECT_GE(found, 100);
}

INSTANTIATE_TEST_SUITE_P(All, PictureIndexDistance, ::testing::Range(0, 12));

TEST(PictureIndex, EarliestOfEqualDistance) {
  PictureIndex index(4);
  index.add(0b0001);
  index.add(0b0010);
  EXPECT_EQ(index.find(0), 0u);
  EXPECT_EQ(index.find(0b0010), 1u);
  EXPECT_EQ(index.find(0b0011), 0u);
}

TEST(PictureIndex, DistanceIsChecked) {
  EXPECT_THROW(PictureIndex(-1), Error);
  EXPECT_THROW(PictureIndex(12), Error);
}

}  // namespace
}  // namespace flamingo::corpus
