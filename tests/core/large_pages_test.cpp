#include "flamingo/core/large_pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

TEST(LargePages, BlocksAreAlignedAndWritable) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{1000}, size_t{3} << 20}) {
    const LargeBlock block = allocate_large(bytes, "test");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.get()) % 64, 0u);
    std::memset(block.get(), 1, bytes);
  }
}

TEST(LargePages, OutOfMemoryIsAnError) {
  EXPECT_THROW(allocate_large(SIZE_MAX / 2, "test"), Error);
}

}  // namespace
}  // namespace flamingo
