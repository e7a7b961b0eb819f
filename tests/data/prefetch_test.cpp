#include "flamingo/data/prefetch.h"

#include <gtest/gtest.h>

#include <atomic>

#include "flamingo/core/error.h"

namespace flamingo::data {
namespace {

TEST(Prefetcher, KeepsTheOrderFromTheFirstStep) {
  Prefetcher<int64_t> batches([](int64_t step) { return step * step; }, 5, 3);
  for (int64_t step = 5; step < 50; ++step) EXPECT_EQ(batches.next(), step * step);
}

TEST(Prefetcher, StaysWithinItsDepth) {
  std::atomic<int64_t> made = 0;
  {
    Prefetcher<int64_t> batches(
        [&made](int64_t step) {
          ++made;
          return step;
        },
        0, 2);
    for (int i = 0; i < 10; ++i) batches.next();
  }
  EXPECT_LE(made, 13);  // 10 taken, 2 ready, 1 being made
}

TEST(Prefetcher, AnErrorComesAtItsPlaceAndStays) {
  Prefetcher<int64_t> batches(
      [](int64_t step) {
        require(step < 3, "make", "expected fewer steps");
        return step;
      },
      0, 8);
  for (int64_t step = 0; step < 3; ++step) EXPECT_EQ(batches.next(), step);
  EXPECT_THROW(batches.next(), Error);
  EXPECT_THROW(batches.next(), Error);
}

TEST(Prefetcher, EndsWithoutBeingRead) {
  Prefetcher<int64_t> batches([](int64_t step) { return step; }, 0, 1);
  SUCCEED();
}

}  // namespace
}  // namespace flamingo::data
