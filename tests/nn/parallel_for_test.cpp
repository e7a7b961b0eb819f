#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>

namespace flamingo::nn {
namespace {

/// at::parallel_for is a template of a header: compiled without OpenMP it is a plain loop, and
/// nothing says so.
TEST(ParallelFor, RunsOnAsManyThreadsAsTorchHas) {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  std::atomic<int> parts = 0;
  at::parallel_for(0, 2, 1, [&](int64_t, int64_t) { ++parts; });
  at::set_num_threads(before);
  EXPECT_EQ(parts, 2);
}

}  // namespace
}  // namespace flamingo::nn
