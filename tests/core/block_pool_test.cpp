#include "flamingo/core/block_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <thread>
#include <vector>

#include "flamingo/core/rng.h"

namespace flamingo {
namespace {

constexpr size_t kMiB = 1 << 20;

TEST(BlockPool, GivesAlignedMemoryAndTakesItBack) {
  BlockPool pool;
  void* block = pool.allocate(3 * kMiB + 1);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % BlockPool::kAlignment, 0u);
  std::memset(block, 1, 3 * kMiB + 1);
  EXPECT_GE(pool.used(), 3 * kMiB + 1);
  pool.free(block);
  EXPECT_EQ(pool.used(), 0u);
  EXPECT_EQ(pool.allocate(3 * kMiB), block);
}

TEST(BlockPool, KnowsItsOwn) {
  BlockPool pool;
  const int elsewhere = 0;
  EXPECT_FALSE(pool.owns(&elsewhere));
  auto* block = static_cast<std::byte*>(pool.allocate(40 * kMiB));
  EXPECT_TRUE(pool.owns(block));
  EXPECT_TRUE(pool.owns(block + 40 * kMiB - 1));
  EXPECT_FALSE(pool.owns(&elsewhere));
  EXPECT_FALSE(pool.owns(nullptr));
}

TEST(BlockPool, FreedNeighboursJoinInAnyOrder) {
  const std::vector<std::vector<size_t>> orders = {{0, 1, 2}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}};
  for (const auto& order : orders) {
    BlockPool pool;
    std::vector<void*> blocks;
    for (int i = 0; i < 3; ++i) blocks.push_back(pool.allocate(10 * kMiB));
    const size_t reserved = pool.reserved();
    for (const size_t i : order) pool.free(blocks[i]);
    EXPECT_EQ(pool.allocate(30 * kMiB), blocks[0]);
    EXPECT_EQ(pool.reserved(), reserved);
  }
}

TEST(BlockPool, TakesTheSmallestBlockThatFits) {
  BlockPool pool;
  void* large = pool.allocate(20 * kMiB);
  void* between = pool.allocate(kMiB);
  void* small = pool.allocate(4 * kMiB);
  void* end = pool.allocate(kMiB);
  pool.free(large);
  pool.free(small);
  EXPECT_EQ(pool.allocate(4 * kMiB), small);
  EXPECT_EQ(pool.allocate(20 * kMiB), large);
  pool.free(between);
  pool.free(end);
}

TEST(BlockPool, RefusesWhatNoMachineHas) {
  BlockPool pool;
  EXPECT_THROW(pool.allocate(std::numeric_limits<size_t>::max()), std::bad_alloc);
  EXPECT_THROW(pool.allocate(size_t{1} << 60), std::bad_alloc);
  EXPECT_EQ(pool.used(), 0u);
}

/// Every block is filled with its own byte, which must be there when it is freed.
TEST(BlockPool, BlocksOfSeveralThreadsNeverOverlap) {
  BlockPool pool;
  const auto work = [&pool](uint64_t seed) {
    struct Held {
      unsigned char* at;
      size_t size;
      unsigned char value;
    };
    Rng rng = Rng::for_name(seed, "blocks");
    std::vector<Held> held;
    for (int turn = 0; turn < 600; ++turn) {
      if (held.size() < 12 && rng.below(2) == 0) {
        const size_t size = 1 + rng.below(2 * kMiB);
        auto* at = static_cast<unsigned char*>(pool.allocate(size));
        held.push_back({at, size, static_cast<unsigned char>(16 * seed + rng.below(16))});
        std::memset(at, held.back().value, size);
      } else if (!held.empty()) {
        std::swap(held[rng.below(held.size())], held.back());
        for (const size_t i : {size_t{0}, held.back().size / 2, held.back().size - 1})
          ASSERT_EQ(held.back().at[i], held.back().value);
        pool.free(held.back().at);
        held.pop_back();
      }
    }
    for (const Held& block : held) pool.free(block.at);
  };
  std::vector<std::thread> threads;
  for (uint64_t seed = 0; seed < 4; ++seed) threads.emplace_back(work, seed);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(pool.used(), 0u);
  EXPECT_LE(pool.reserved(), 4 * 12 * 2 * kMiB);  // all that can be held at once
}

}  // namespace
}  // namespace flamingo
