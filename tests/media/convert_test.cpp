#include "flamingo/media/convert.h"

#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

Image one_pixel(PixelMode mode, std::vector<uint8_t> pixel) {
  return {1, 1, mode, std::move(pixel), {}, {}};
}

using Bytes = std::vector<uint8_t>;

TEST(ConvertTest, ToRgb) {
  EXPECT_EQ(convert_to_rgb(one_pixel(PixelMode::kGrey, {7})).pixels, (Bytes{7, 7, 7}));
  EXPECT_EQ(convert_to_rgb(one_pixel(PixelMode::kBilevel, {255})).pixels, (Bytes{255, 255, 255}));
  EXPECT_EQ(convert_to_rgb(one_pixel(PixelMode::kGreyAlpha, {7, 0})).pixels, (Bytes{7, 7, 7}));
  EXPECT_EQ(convert_to_rgb(one_pixel(PixelMode::kRgba, {1, 2, 3, 0})).pixels, (Bytes{1, 2, 3}));
  EXPECT_EQ(convert_to_rgb(one_pixel(PixelMode::kCmyk, {0, 255, 128, 0})).pixels,
            (Bytes{255, 0, 127}));
  EXPECT_EQ(convert_to_rgb(one_pixel(PixelMode::kCmyk, {0, 0, 0, 255})).pixels, (Bytes{0, 0, 0}));
}

TEST(ConvertTest, PalettesKeepTheirAlpha) {
  Image image = one_pixel(PixelMode::kPalette, {9});
  image.palette.resize(4 * 256);
  image.palette[36] = 1;
  image.palette[37] = 2;
  image.palette[38] = 3;
  image.palette[39] = 4;
  EXPECT_EQ(convert_to_rgb(image).pixels, (Bytes{1, 2, 3}));
  EXPECT_EQ(convert_to_rgba(image).pixels, (Bytes{1, 2, 3, 4}));
  image.palette.pop_back();
  EXPECT_THROW(convert_to_rgb(image), Error);
}

TEST(ConvertTest, ASeeThroughGreyIsTransparent) {
  Image image = one_pixel(PixelMode::kGrey, {7});
  image.mask = {0};
  EXPECT_EQ(convert_to_rgba(image).pixels, (Bytes{7, 7, 7, 0}));
  EXPECT_EQ(composite_over_white(image).pixels, (Bytes{255, 255, 255}));
  image.mask = {255};
  EXPECT_EQ(composite_over_white(image).pixels, (Bytes{7, 7, 7}));
}

TEST(ConvertTest, CompositesWithinHalfAStep) {
  for (int alpha = 0; alpha <= 255; ++alpha) {
    for (int value = 0; value <= 255; value += 5) {
      const auto byte = static_cast<uint8_t>(value);
      const Image image =
          one_pixel(PixelMode::kRgba, {byte, byte, byte, static_cast<uint8_t>(alpha)});
      const double exact = (value * alpha + 255.0 * (255 - alpha)) / 255.0;
      ASSERT_NEAR(composite_over_white(image).pixels[0], exact, 0.51 + 1.0 / 128 * 255 / 255)
          << value << " at " << alpha;
    }
  }
}

TEST(ConvertTest, OpaquePixelsSurviveThePremultipliedRoundTrip) {
  for (int value = 0; value <= 255; ++value) {
    Image image = one_pixel(PixelMode::kGreyAlpha, {static_cast<uint8_t>(value), 255});
    premultiply(image);
    unpremultiply(image);
    EXPECT_EQ(image.pixels[0], value);
  }
}

TEST(ConvertTest, PremultipliesAndRounds) {
  Image image = one_pixel(PixelMode::kRgba, {255, 100, 1, 128});
  premultiply(image);
  EXPECT_EQ(image.pixels, (Bytes{128, 50, 1, 128}));
  unpremultiply(image);
  EXPECT_EQ(image.pixels, (Bytes{255, 99, 1, 128}));
  Image clear = one_pixel(PixelMode::kRgba, {9, 9, 9, 0});
  unpremultiply(clear);
  EXPECT_EQ(clear.pixels, (Bytes{9, 9, 9, 0}));
}

TEST(ConvertTest, RefusesAnInconsistentImage) {
  EXPECT_THROW(convert_to_rgb(Image{}), Error);
  EXPECT_THROW(convert_to_rgb(one_pixel(PixelMode::kRgb, {1, 2})), Error);
}

}  // namespace
}  // namespace flamingo::media
