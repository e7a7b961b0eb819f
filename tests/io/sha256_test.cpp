#include "flamingo/io/sha256.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesOfAnySizeGiveTheSameDigest) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += static_cast<char>(i);
  for (size_t first = 0; first <= text.size(); ++first) {
    Sha256 whole, pieces;
    whole.update(testing::as_bytes(text));
    pieces.update(testing::as_bytes(text).first(first));
    pieces.digest();  // reading a digest must not disturb the rest
    pieces.update(testing::as_bytes(text).subspan(first));
    EXPECT_EQ(pieces.digest(), whole.digest()) << first;
  }
}

}  // namespace
}  // namespace flamingo::io
