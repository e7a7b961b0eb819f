#include "flamingo/core/process_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace flamingo {
namespace {

constexpr int64_t kBlock = 64 << 20;

TEST(ProcessMemory, GrowsByWhatIsTouched) {
  const int64_t before = resident_bytes();
  ASSERT_GT(before, 0);
  std::vector<char> block(kBlock, 1);
  EXPECT_GE(resident_bytes(), before + kBlock * 9 / 10);
  EXPECT_GE(peak_resident_bytes(), before + kBlock * 9 / 10);
  EXPECT_EQ(block.back(), 1);
}

}  // namespace
}  // namespace flamingo
