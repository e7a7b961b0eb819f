#include "flamingo/io/sha256_blocks.h"

#include <gtest/gtest.h>

#include <vector>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::io {
namespace {

TEST(Sha256Blocks, TheFastPathEqualsThePlainOne) {
  if (!has_sha_instructions()) GTEST_SKIP() << "this processor has no SHA instructions";
  Rng rng(testing::seeded(1));
  for (size_t count = 0; count < 20; ++count) {
    std::vector<std::byte> blocks(count * 64);
    for (std::byte& byte : blocks) byte = static_cast<std::byte>(rng.below(256));
    Sha256State plain;
    for (uint32_t& word : plain) word = static_cast<uint32_t>(rng.next());
    Sha256State fast = plain;
    sha256_blocks_plain(blocks.data(), count, plain);
    sha256_blocks_fast(blocks.data(), count, fast);
    EXPECT_EQ(fast, plain) << count;
  }
}

}  // namespace
}  // namespace flamingo::io
