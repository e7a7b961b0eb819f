#include "flamingo/io/file_kind.h"

#include <gtest/gtest.h>

#include "flamingo/io/tar.h"
#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using namespace std::string_literals;
using testing::as_bytes;
using testing::error_of;

TEST(FileKind, IsToldByTheFirstBytes) {
  EXPECT_EQ(file_kind(as_bytes("\x89PNG\r\n\x1A\n..."s)), "a PNG picture");
  EXPECT_EQ(file_kind(as_bytes("\0\0\0\x20"
                               "ftypisom"s)),
            "an MP4 clip");
  EXPECT_EQ(file_kind(as_bytes("\0\0\0\x20"
                               "ftypavif"s)),
            "an AVIF picture");
  EXPECT_EQ(file_kind(as_bytes("RIFF\1\2\3\4WEBPVP8 "s)), "a WebP picture");
  EXPECT_EQ(file_kind(as_bytes("RIFF\1\2\3\4AVI LIST"s)), "an AVI clip");
  EXPECT_EQ(file_kind(as_bytes(std::string(257, '\0') + "ustar")), "a tar archive");
}

TEST(FileKind, SaysNothingOfTextAndOfTooFewBytes) {
  for (const std::string& text : {""s, "\x89PN"s, "What is this?"s, "BM"s, "ftyp"s}) {
    EXPECT_EQ(file_kind(as_bytes(text)), "") << text;
    EXPECT_EQ(other_kind(as_bytes(text)), "a file that starts otherwise");
    EXPECT_EQ(other_kind_hint(as_bytes(text)), "");
  }
}

TEST(FileKind, AnArchiveThatIsAnotherFileIsNamed) {
  const std::string clip = "\x1A\x45\xDF\xA3"s + std::string(600, 'x');
  EXPECT_EQ(error_of([&] { TarReader(as_bytes(clip), "clip.webm").next(); }),
            "[clip.webm] expected a tar archive, got a WebM or Matroska clip");
}

}  // namespace
}  // namespace flamingo::io
