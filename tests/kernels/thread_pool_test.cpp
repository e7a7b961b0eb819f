#include "flamingo/kernels/thread_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <thread>

#include "flamingo/core/error.h"

namespace flamingo::kernels {
namespace {

TEST(ThreadPool, EveryItemIsDoneOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (const int64_t items : {0, 1, 2, 3, 17, 1000}) {
      std::vector<int> visits(static_cast<size_t>(items));
      pool.parallel_for(items, [&](Range range, int slot) {
        ASSERT_GE(slot, 0);
        ASSERT_LT(slot, threads);
        for (int64_t i = range.begin; i < range.end; ++i) ++visits[static_cast<size_t>(i)];
      });
      EXPECT_EQ(std::accumulate(visits.begin(), visits.end(), int64_t{0}), items);
      for (const int count : visits) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, LoopsSeeEachOthersResults) {
  ThreadPool pool(3);
  std::vector<int64_t> values(64, 0);
  for (int step = 0; step < 2000; ++step) {
    pool.parallel_for(64, [&](Range range, int) {
      for (int64_t i = range.begin; i < range.end; ++i) ++values[static_cast<size_t>(i)];
    });
    const int64_t sum = std::accumulate(values.begin(), values.end(), int64_t{0});
    ASSERT_EQ(sum, 64 * (step + 1));
  }
}

/// The second thread holds its first range until everything else is done, which only the first
/// thread can do, beyond its own share; if it did not, this would never end.
TEST(ThreadPool, HelpsWithWhatOthersHaveLeft) {
  constexpr int64_t kItems = 1000;
  ThreadPool pool(2);
  std::atomic<int64_t> done{0};
  pool.parallel_for(kItems, [&](Range range, int slot) {
    while (slot == 1 && done.load() < kItems - range.size()) std::this_thread::yield();
    done += range.size();
  });
  EXPECT_EQ(done.load(), kItems);
}

TEST(ThreadPool, WakesAfterSleep) {
  ThreadPool pool(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::atomic<int64_t> sum{0};
    pool.parallel_for(100, [&](Range range, int) { sum += range.size(); });
    ASSERT_EQ(sum.load(), 100);
  }
}

TEST(ThreadPool, CallersTakeTurns) {
  ThreadPool pool(2);
  std::atomic<int64_t> sum{0};
  const auto caller = [&] {
    for (int i = 0; i < 200; ++i) {
      pool.parallel_for(10, [&](Range range, int) { sum += range.size(); });
    }
  };
  std::thread other(caller);
  caller();
  other.join();
  EXPECT_EQ(sum.load(), 4000);
}

TEST(ThreadPool, RefusesOddSizes) {
  EXPECT_THROW(ThreadPool(0), Error);
  EXPECT_THROW(ThreadPool(257), Error);
  ThreadPool pool(2);
  EXPECT_THROW(pool.parallel_for(int64_t{1} << 31, [](Range, int) {}), Error);
  EXPECT_GE(default_thread_count(), 1);
}

}  // namespace
}  // namespace flamingo::kernels
