#include "flamingo/media/convert.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

TEST(WebpTest, KeepsAlpha) {
  EXPECT_EQ(decode(bytes_of(codec_file("lossless_alpha.webp"))).mode, PixelMode::kRgba);
  EXPECT_EQ(decode(bytes_of(codec_file("lossy_alpha.webp"))).mode, PixelMode::kRgba);
  EXPECT_EQ(decode(bytes_of(golden_picture("lossy.webp"))).mode, PixelMode::kRgb);
}

TEST(WebpTest, AnAnimationGivesItsFirstFrame) {
  Image still = decode(bytes_of(codec_file("lossless_alpha.webp")));
  Image first = decode(bytes_of(codec_file("animated.webp")));
  // The colours of fully transparent pixels are the encoder's choice.
  premultiply(still);
  premultiply(first);
  ASSERT_EQ(first.height, still.height);
  EXPECT_EQ(first.pixels, still.pixels);
}

TEST(WebpTest, RefusesABombFromItsHeader) {
  std::string webp = bytes_of(codec_file("animated.webp"));
  const size_t canvas = webp.find("VP8X") + 12;
  for (int i = 0; i < 6; ++i) webp[canvas + i] = '\xFE';
  EXPECT_THROW(decode(webp), Error);
}

TEST(WebpTest, RefusesAFrameOutsideOfItsCanvas) {
  std::string webp = bytes_of(codec_file("animated.webp"));
  webp[webp.find("ANMF") + 8] = '\x20';
  EXPECT_THROW(decode(webp), Error);
}

TEST(WebpTest, CutPixelsAreAnError) {
  for (const std::string& path : fixture_pictures(".webp")) {
    const std::string webp = bytes_of(path);
    EXPECT_FALSE(decodes(webp.substr(0, webp.size() / 4))) << path;
    decode_prefixes(webp);
  }
}

TEST(WebpTest, SurvivesFlippedBytes) {
  for (const std::string& path : fixture_pictures(".webp")) decode_flips(bytes_of(path), 2000);
}

}  // namespace
}  // namespace flamingo::media
