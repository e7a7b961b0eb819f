#include "flamingo/crawl/unpack.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/crawl/compress.h"
#include "tests/io/byte_builder.h"

namespace flamingo::crawl {
namespace {

std::string unpack_text(const std::string& packed, uint64_t max_bytes) {
  return unpack(testing::as_bytes(packed), Compression::kZstd, max_bytes, "x");
}

TEST(Unpack, JoinsFramesUpToTheLimit) {
  const std::string text(200'000, 'a');
  const std::string packed =
      testing::zstd_text(text) + testing::zstd_text("") + testing::zstd_text("b");
  EXPECT_EQ(unpack_text(packed, 1 << 20), text + "b");
  EXPECT_EQ(unpack_text(packed, 200'001), text + "b");
  EXPECT_THROW(unpack_text(packed, 200'000), Error);
  EXPECT_EQ(unpack_text("", 0), "");
  EXPECT_EQ(unpack_text(testing::zstd_text(""), 0), "");
  EXPECT_THROW(unpack_text(testing::zstd_text("b"), 0), Error);
}

TEST(Unpack, RefusesEveryPrefixAndBytesBehind) {
  const std::string packed = testing::zstd_text("My puppy sits in the grass.");
  for (size_t size = 1; size < packed.size(); ++size)
    EXPECT_THROW(unpack_text(packed.substr(0, size), 100), Error) << size;
  EXPECT_THROW(unpack_text(packed + "more", 100), Error);
}

}  // namespace
}  // namespace flamingo::crawl
