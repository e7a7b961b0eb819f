#include "flamingo/io/inflate.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;

/// A last block of RFC 1951, section 3.2.4: the bytes as they are.
std::string stored_block(std::string_view bytes, bool is_last = true) {
  const auto size = static_cast<uint16_t>(bytes.size());
  return ByteBuilder()
      .number<uint8_t>(is_last)
      .number(size)
      .number(static_cast<uint16_t>(~size))
      .text(bytes)
      .str();
}

/// A block of fixed codes that repeats: zlib's own of kHellos.
constexpr std::string_view kHellos = "hello hello hello hello";
const std::string kDeflatedHellos("\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01", 10);

std::string inflated(const std::string& compressed, size_t size) {
  std::string out(size, '?');
  inflate_raw(as_bytes(compressed), std::as_writable_bytes(std::span(out)), "a.zip: b");
  return out;
}

class InflateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_inflate()) GTEST_SKIP() << "built without zlib";
  }
  static void expect_refused(const std::string& compressed, size_t size, const std::string& got) {
    const std::string message = error_of([&] { inflated(compressed, size); });
    EXPECT_NE(message.find("[a.zip: b] expected deflated data of " + std::to_string(size) +
                           " bytes, got " + got),
              std::string::npos)
        << message;
  }
};

TEST_F(InflateTest, StoredBlocks) {
  EXPECT_EQ(inflated(stored_block("puppy"), 5), "puppy");
  EXPECT_EQ(inflated(stored_block("pup", false) + stored_block("py"), 5), "puppy");
}

TEST_F(InflateTest, CodedBlocks) { EXPECT_EQ(inflated(kDeflatedHellos, kHellos.size()), kHellos); }

TEST_F(InflateTest, NothingIsAStreamToo) { EXPECT_EQ(inflated(stored_block(""), 0), ""); }

TEST_F(InflateTest, ShorterAndLongerStreamsAreRefused) {
  for (const size_t size : {size_t{0}, kHellos.size() - 1, kHellos.size() + 1}) {
    expect_refused(kDeflatedHellos, size, "another length");
  }
}

TEST_F(InflateTest, BytesBehindTheStreamAreRefused) {
  expect_refused(kDeflatedHellos + "x", kHellos.size(), "another length");
  expect_refused(stored_block("pup") + stored_block("py"), 3, "another length");
}

TEST_F(InflateTest, StreamsThatAreCutOffAreRefused) {
  for (size_t size = 0; size < kDeflatedHellos.size(); ++size) {
    expect_refused(kDeflatedHellos.substr(0, size), kHellos.size(), "another length");
  }
}

TEST_F(InflateTest, DamageIsNamed) {
  expect_refused("\x07", 5, "damaged data");  // a kind of block that there is not
  std::string block = stored_block("puppy");
  block[3] ^= 1;  // its length does not fit the one beside it
  expect_refused(block, 5, "damaged data");
}

}  // namespace
}  // namespace flamingo::io
