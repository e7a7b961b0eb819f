#include "flamingo/core/parallel_for.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace flamingo {
namespace {

TEST(ParallelFor, DoesEachItemOnce) {
  for (const int64_t threads : {0, 1, 3, 8}) {
    std::vector<std::atomic<int>> calls(1000);
    parallel_for(calls.size(), threads, [&](size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](size_t) { FAIL() << "nothing to do"; });
}

TEST(ParallelFor, UsesOtherThreads) {
  const auto own = std::this_thread::get_id();
  std::atomic<bool> others{false};
  // The caller's thread waits for another one, which must therefore exist.
  parallel_for(2, 2, [&](size_t) {
    if (std::this_thread::get_id() != own) others = true;
    while (!others) std::this_thread::yield();
  });
  EXPECT_TRUE(others);
}

TEST(ParallelFor, ThrowsTheFirstExceptionAndBeginsNothingMore) {
  std::atomic<size_t> calls{0};
  EXPECT_THROW(parallel_for(1000, 1,
                            [&](size_t i) {
                              ++calls;
                              if (i == 10) throw std::runtime_error("ten");
                            }),
               std::runtime_error);
  EXPECT_EQ(calls, 11u);
  EXPECT_THROW(parallel_for(1000, 4, [](size_t) { throw std::logic_error("all"); }),
               std::logic_error);
}

}  // namespace
}  // namespace flamingo
