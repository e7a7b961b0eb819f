#include "flamingo/text/merge.h"

#include <gtest/gtest.h>

#include <map>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::text {
namespace {

using Table = std::map<std::pair<int32_t, int32_t>, Merge>;
using Ids = std::vector<int32_t>;

/// A random list of merges over `letters` letters.
Table random_table(Rng& rng, int32_t letters, int32_t merges) {
  Table table;
  int32_t next = letters;
  for (int32_t i = 0; i < merges; ++i) {
    const auto left = static_cast<int32_t>(rng.below(static_cast<uint64_t>(next)));
    const auto right = static_cast<int32_t>(rng.below(static_cast<uint64_t>(next)));
    table.emplace(std::pair(left, right), Merge{static_cast<uint32_t>(i), next});
    ++next;
  }
  return table;
}

template <class Queue>
Ids merged(const Ids& ids, const Table& table) {
  std::vector<Symbol> symbols;
  for (const int32_t id : ids) symbols.push_back({.id = id});
  merge_with<Queue>(symbols, [&](int32_t left, int32_t right) -> std::optional<Merge> {
    const auto found =
        table.find({symbols[static_cast<size_t>(left)].id, symbols[static_cast<size_t>(right)].id});
    if (found == table.end()) return std::nullopt;
    return found->second;
  });
  Ids out;
  for (int32_t i = ids.empty() ? -1 : 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    out.push_back(symbols[static_cast<size_t>(i)].id);
  }
  return out;
}

/// The definition: merge the leftmost pair of smallest rank until none is left.
Ids merged_naively(Ids ids, const Table& table) {
  for (;;) {
    size_t best = ids.size();
    uint32_t best_rank = UINT32_MAX;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = table.find({ids[i], ids[i + 1]});
      if (found != table.end() && found->second.rank < best_rank) {
        best = i;
        best_rank = found->second.rank;
      }
    }
    if (best == ids.size()) return ids;
    ids[best] = table.at({ids[best], ids[best + 1]}).id;
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
}

TEST(Merge, BothQueuesFollowTheDefinition) {
  Rng rng(testing::seeded(4));
  for (int round = 0; round < 300; ++round) {
    const Table table = random_table(rng, 3, 12);
    Ids ids(rng.below(60));
    for (int32_t& id : ids) id = static_cast<int32_t>(rng.below(3));
    const Ids expected = merged_naively(ids, table);
    EXPECT_EQ(merged<HeapQueue>(ids, table), expected);
    EXPECT_EQ(merged<BucketQueue>(ids, table), expected);
  }
}

TEST(Merge, QueuesAgreeOnLongInput) {
  Rng rng(testing::seeded(5));
  const Table table = random_table(rng, 4, 200);
  Ids ids(20000);
  for (int32_t& id : ids) id = static_cast<int32_t>(rng.below(4));
  EXPECT_EQ(merged<BucketQueue>(ids, table), merged<HeapQueue>(ids, table));
}

TEST(Merge, QueuesPopInOrder) {
  Rng rng(testing::seeded(6));
  HeapQueue heap;
  BucketQueue buckets;
  for (int i = 0; i < 5000; ++i) {
    if (rng.coin(0.6)) {
      const WaitingMerge merge{static_cast<uint32_t>(rng.below(20)),
                               static_cast<int32_t>(rng.below(1000))};
      heap.push(merge);
      buckets.push(merge);
      continue;
    }
    const auto a = heap.pop();
    const auto b = buckets.pop();
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) continue;
    EXPECT_EQ(a->rank, b->rank);
    EXPECT_EQ(a->position, b->position);
  }
}

}  // namespace
}  // namespace flamingo::text
