#include "flamingo/core/memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

TEST(Memory, LargeBlocksAreAlignedAndWritable) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{1000}, size_t{3} << 20}) {
    const LargeBlock block = allocate_large(bytes, "test");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.get()) % 64, 0u);
    std::memset(block.get(), 1, bytes);
  }
}

TEST(Memory, OutOfMemoryIsAnError) { EXPECT_THROW(allocate_large(SIZE_MAX / 2, "test"), Error); }

TEST(Memory, ResidentBytesGrowByWhatIsTouched) {
  constexpr int64_t kBlock = 64 << 20;
  const int64_t before = resident_bytes();
  ASSERT_GT(before, 0);
  std::vector<char> block(kBlock, 1);
  EXPECT_GE(resident_bytes(), before + kBlock * 9 / 10);
  EXPECT_GE(peak_resident_bytes(), before + kBlock * 9 / 10);
  EXPECT_GT(machine_memory(), before);
  EXPECT_EQ(block.back(), 1);
}

}  // namespace
}  // namespace flamingo
