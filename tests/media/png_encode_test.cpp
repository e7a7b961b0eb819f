#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

TEST(PngEncodeTest, RoundTrips) {
  for (const PixelMode mode : {PixelMode::kGrey, PixelMode::kRgb, PixelMode::kRgba}) {
    const Image image = random_image(13, 29, mode, 1);
    const Image back = decode(encode_png(image));
    EXPECT_EQ(back.mode, mode);
    EXPECT_EQ(back.height, 13);
    EXPECT_EQ(back.pixels, image.pixels);
  }
}

TEST(PngEncodeTest, RefusesOtherModesAndSizes) {
  EXPECT_THROW(encode_png(random_image(2, 2, PixelMode::kCmyk, 1)), Error);
  EXPECT_THROW(encode_png(random_image(2, 2, PixelMode::kPalette, 1)), Error);
  Image image = random_image(2, 2, PixelMode::kRgb, 1);
  image.pixels.pop_back();
  EXPECT_THROW(encode_png(image), Error);
  EXPECT_THROW(encode_png(Image{}), Error);
}

}  // namespace
}  // namespace flamingo::media
