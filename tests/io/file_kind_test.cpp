#include "flamingo/io/file_kind.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/io/tar.h"

namespace flamingo {
namespace {

using namespace std::string_literals;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(FileKind, IsToldByTheFirstBytes) {
  EXPECT_EQ(file_kind(bytes_of("\x89PNG\r\n\x1A\n..."s)), "a PNG picture");
  EXPECT_EQ(file_kind(bytes_of("\0\0\0\x20"
                               "ftypisom"s)),
            "an MP4 clip");
  EXPECT_EQ(file_kind(bytes_of("\0\0\0\x20"
                               "ftypavif"s)),
            "an AVIF picture");
  EXPECT_EQ(file_kind(bytes_of("RIFF\1\2\3\4WEBPVP8 "s)), "a WebP picture");
  EXPECT_EQ(file_kind(bytes_of("RIFF\1\2\3\4AVI LIST"s)), "an AVI clip");
  EXPECT_EQ(file_kind(bytes_of(std::string(257, '\0') + "ustar")), "a tar archive");
}

TEST(FileKind, SaysNothingOfTextAndOfTooFewBytes) {
  for (const std::string& text : {""s, "\x89PN"s, "What is this?"s, "BM"s, "ftyp"s}) {
    EXPECT_EQ(file_kind(bytes_of(text)), "") << text;
    EXPECT_EQ(other_kind(bytes_of(text)), "a file that starts otherwise");
    EXPECT_EQ(other_kind_hint(bytes_of(text)), "");
  }
}

TEST(FileKind, AnArchiveThatIsAnotherFileIsNamed) {
  const std::string clip = "\x1A\x45\xDF\xA3"s + std::string(600, 'x');
  try {
    TarReader(bytes_of(clip), "clip.webm", {}).next();
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[clip.webm] expected a tar archive, got a WebM or Matroska clip");
  }
}

}  // namespace
}  // namespace flamingo
