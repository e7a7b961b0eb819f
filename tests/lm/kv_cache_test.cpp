#include "flamingo/lm/kv_cache.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"

namespace flamingo::lm {
namespace {

KeyValues random_kv(int64_t count) {
  return {torch::randn({2, 3, count, 4}), torch::randn({2, 3, count, 4})};
}

TEST(KvCache, ReturnsEverythingAppendedAcrossGrowth) {
  KvCache cache;
  std::vector<torch::Tensor> keys, values;
  for (const int64_t count : {5, 1, 1, 200, 1}) {
    for (size_t layer = 0; layer < 2; ++layer) {
      const auto added = random_kv(count);
      const auto all = cache.append(layer, added);
      if (layer != 1) continue;
      keys.push_back(added.keys);
      values.push_back(added.values);
      EXPECT_TRUE(all.keys.equal(torch::cat(keys, 2)));
      EXPECT_TRUE(all.values.equal(torch::cat(values, 2)));
    }
    cache.advance(2, count, {});
  }
  EXPECT_EQ(cache.length(), 208);
  EXPECT_FALSE(cache.mask().defined());
}

TEST(KvCache, RowsWrittenInPlaceCountAfterAdvance) {
  KvCache cache;
  const auto first = random_kv(3), second = random_kv(1), third = random_kv(1);
  cache.append(0, first);
  cache.advance(2, 3, {});
  for (int64_t step = 0; step < 200; ++step) {  // past the first buffer
    const auto room = cache.reserve(0, 1, second.keys);
    ASSERT_GT(room.keys.size(2), 3 + step);
    room.keys.narrow(2, 3 + step, 1).copy_(second.keys);
    room.values.narrow(2, 3 + step, 1).copy_(second.values);
    cache.advance(2, 1, {});
  }
  const auto all = cache.append(0, third);
  EXPECT_TRUE(all.keys.narrow(2, 0, 3).equal(first.keys));
  EXPECT_TRUE(all.values.narrow(2, 3, 200).equal(second.values.expand({2, 3, 200, 4})));
  EXPECT_TRUE(all.keys.narrow(2, 203, 1).equal(third.keys));
  EXPECT_THROW(cache.reserve(0, 1, torch::zeros({1, 3, 1, 4})), Error);
}

TEST(KvCache, MaskCoversTokensWithAndWithoutPadding) {
  KvCache cache;
  cache.advance(2, 2, {});
  cache.advance(2, 3, torch::tensor({{0, 1, 1}, {1, 1, 1}}, torch::kInt64));
  cache.advance(2, 1, {});
  const auto expected = torch::tensor({{1, 1, 0, 1, 1, 1}, {1, 1, 1, 1, 1, 1}}, torch::kInt64);
  EXPECT_TRUE(cache.mask().equal(expected));
}

TEST(KvCache, SelectsRowsIntoACacheOfItsOwn) {
  KvCache cache;
  const auto added = random_kv(3);
  cache.append(0, added);
  cache.append_media(0, {torch::randn({2, 1, 4, 12}), torch::randn({2, 1, 4, 12})});
  cache.advance_media(1);
  cache.advance(2, 3, torch::tensor({{0, 1, 1}, {1, 1, 1}}, torch::kInt64));
  auto selected = cache.select_rows(torch::tensor({1, 1, 0}, torch::kInt64));
  EXPECT_EQ(selected.length(), 3);
  EXPECT_EQ(selected.num_media(), 1);
  EXPECT_TRUE(selected.media(0).keys[2].equal(cache.media(0).keys[0]));
  EXPECT_EQ(selected.mask()[2][0].item<int64_t>(), 0);
  const KeyValues next{torch::zeros({3, 3, 1, 4}), torch::zeros({3, 3, 1, 4})};
  EXPECT_TRUE(selected.append(0, next).keys[1].slice(1, 0, 3).equal(added.keys[1]));
  const auto kept = cache.append(0, {torch::ones({2, 3, 1, 4}), torch::ones({2, 3, 1, 4})});
  EXPECT_TRUE(kept.keys.slice(2, 0, 3).equal(added.keys));
}

TEST(KvCache, MediaAreAppended) {
  KvCache cache;
  EXPECT_FALSE(cache.media(0).keys.defined());
  const auto a = torch::randn({1, 2, 4, 6}), b = torch::randn({1, 1, 4, 6});
  cache.append_media(0, {a, a});
  cache.append_media(0, {b, b});
  EXPECT_TRUE(cache.media(0).values.equal(torch::cat({a, b}, 1)));
}

TEST(KvCache, TruncateForgetsTheEnd) {
  KvCache cache;
  const auto added = random_kv(6);
  cache.append(0, added);
  cache.advance(2, 6, {});
  cache.truncate(4);
  EXPECT_EQ(cache.length(), 4);
  const auto next = random_kv(1);
  EXPECT_TRUE(
      cache.append(0, next).keys.equal(torch::cat({added.keys.slice(2, 0, 4), next.keys}, 2)));
  EXPECT_THROW(cache.truncate(9), Error);
}

TEST(KvCache, TruncateMediaForgetsTheLastAndThoseOfAFailedForward) {
  KvCache cache;
  const auto a = torch::randn({1, 2, 4, 6}), b = torch::randn({1, 1, 4, 6});
  for (const size_t layer : {0, 1}) cache.append_media(layer, {a, a});
  cache.advance_media(2);
  cache.append_media(0, {b, b});  // and then something threw
  cache.truncate_media(2);
  EXPECT_TRUE(cache.media(0).keys.equal(a));
  EXPECT_TRUE(cache.media(1).values.equal(a));
  cache.truncate_media(1);
  EXPECT_EQ(cache.num_media(), 1);
  cache.append_media(0, {b, b});
  EXPECT_TRUE(cache.media(0).keys.equal(torch::cat({a.narrow(1, 0, 1), b}, 1)));
  cache.truncate_media(0);
  EXPECT_FALSE(cache.media(0).keys.defined());
  EXPECT_THROW(cache.truncate_media(1), Error);
}

TEST(KvCache, RefusesAnotherBatch) {
  KvCache cache;
  cache.append(0, random_kv(2));
  cache.advance(2, 2, {});
  EXPECT_THROW(cache.append(0, {torch::zeros({1, 3, 1, 4}), torch::zeros({1, 3, 1, 4})}), Error);
}

}  // namespace
}  // namespace flamingo::lm
