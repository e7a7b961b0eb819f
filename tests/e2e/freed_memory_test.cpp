// Here, since tests of core/ run under a sanitizer, which has an allocator of its own.

#include "flamingo/core/memory.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <vector>

#include "flamingo/core/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#define FLAMINGO_OWN_ALLOCATOR 1
#endif

namespace flamingo {
namespace {

constexpr size_t kBlock = 96 << 20;

TEST(FreedMemory, StaysWithTheProcess) {
#ifdef FLAMINGO_OWN_ALLOCATOR
  GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
  keep_freed_memory();
  const int64_t before = resident_bytes();
  const size_t mapped = mallinfo2().hblks;
  std::vector<char>(kBlock, 1);
  EXPECT_GE(resident_bytes(), before + static_cast<int64_t>(kBlock) * 9 / 10);
  const std::vector<char> second(kBlock, 1);
  EXPECT_EQ(mallinfo2().hblks, mapped);  // neither had a mapping of its own
  EXPECT_LE(resident_bytes(), before + static_cast<int64_t>(kBlock) * 11 / 10);  // the same memory
}

}  // namespace
}  // namespace flamingo
