#include "flamingo/media/resize.h"

#include <cmath>

#include "flamingo/media/convert.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

double weight_of(ResizeFilter filter, double x) {
  x = std::abs(x);
  if (filter == ResizeFilter::kBilinear) return std::max(0.0, 1 - x);
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  if (x < 2) return -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2;
  return 0;
}

/// One axis in floating point, for any [outer, in, inner] array: the plain twin of resize.
std::vector<double> resample_axis(const std::vector<double>& values, int64_t in, int64_t out,
                                  int64_t inner, ResizeFilter filter) {
  const int64_t outer = std::ssize(values) / (in * inner);
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(1.0, scale);
  std::vector<double> result(outer * out * inner);
  for (int64_t i = 0; i < out; ++i) {
    std::vector<double> weights(in);
    double sum = 0;
    for (int64_t k = 0; k < in; ++k) {
      const double offset = static_cast<double>(k) + 0.5 - (static_cast<double>(i) + 0.5) * scale;
      weights[k] = weight_of(filter, offset / stretch);
      sum += weights[k];
    }
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t c = 0; c < inner; ++c) {
        double value = 0;
        for (int64_t k = 0; k < in; ++k) {
          value += weights[k] / sum * values[(o * in + k) * inner + c];
        }
        result[(o * out + i) * inner + c] = value;
      }
    }
  }
  return result;
}

TEST(ResizeTest, AgreesWithFloatingPoint) {
  struct Case {
    int64_t height, width, new_height, new_width;
  };
  for (const Case& c : {Case{20, 31, 7, 9}, Case{9, 7, 30, 21}, Case{40, 5, 8, 24},
                        Case{5, 40, 24, 8}, Case{1, 1, 5, 5}, Case{16, 16, 16, 4}}) {
    for (const ResizeFilter filter : {ResizeFilter::kBilinear, ResizeFilter::kBicubic}) {
      const Image image = random_image(c.height, c.width, PixelMode::kRgb, 3);
      const Image got = resize(image, c.new_height, c.new_width, filter);
      const std::vector<double> source(image.pixels.begin(), image.pixels.end());
      const auto expected = resample_axis(resample_axis(source, c.width, c.new_width, 3, filter),
                                          c.height, c.new_height, 3 * c.new_width, filter);
      ASSERT_EQ(got.pixels.size(), expected.size());
      double total = 0;
      for (size_t i = 0; i < expected.size(); ++i) {
        const double clipped = std::clamp(expected[i], 0.0, 255.0);
        // Clipping and rounding between the passes are part of the 8-bit definition.
        total += std::abs(got.pixels[i] - clipped);
      }
      EXPECT_LE(total / static_cast<double>(expected.size()), 2.0);
    }
  }
}

TEST(ResizeTest, AConstantStaysConstant) {
  for (const PixelMode mode : {PixelMode::kGrey, PixelMode::kRgb, PixelMode::kCmyk}) {
    Image image = random_image(23, 57, mode, 1);
    std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{201});
    for (const auto& [height, width] : {std::pair(5, 5), std::pair(80, 11), std::pair(23, 90)}) {
      for (const uint8_t value : resize(image, height, width).pixels) ASSERT_EQ(value, 201);
    }
  }
}

TEST(ResizeTest, TheSameSizeIsTheSameImage) {
  const Image image = random_image(9, 8, PixelMode::kRgba, 2);
  EXPECT_EQ(resize(image, 9, 8).pixels, image.pixels);
}

TEST(ResizeTest, BilevelAndPaletteKeepTheirValues) {
  Image image = random_image(10, 10, PixelMode::kPalette, 4);
  for (uint8_t& value : image.pixels) value = value % 2 == 0 ? 10 : 250;
  const Image small = resize(image, 7, 7);
  EXPECT_EQ(small.palette, image.palette);
  for (const uint8_t value : small.pixels) EXPECT_TRUE(value == 10 || value == 250);
}

TEST(ResizeTest, NearestTakesTheCentre) {
  const Image image{1, 6, PixelMode::kGrey, {0, 1, 2, 3, 4, 5}, {}, {}};
  EXPECT_EQ(resize(image, 1, 3, ResizeFilter::kNearest).pixels, (std::vector<uint8_t>{1, 3, 5}));
  EXPECT_EQ(resize(image, 1, 2, ResizeFilter::kNearest).pixels, (std::vector<uint8_t>{1, 4}));
}

TEST(ResizeTest, TransparentColoursDoNotBleed) {
  // Red seen, green hidden.
  const Image image{1, 2, PixelMode::kRgba, {255, 0, 0, 255, 0, 255, 0, 0}, {}, {}};
  const Image one = resize(image, 1, 1, ResizeFilter::kBilinear);
  EXPECT_EQ(one.pixels[1], 0);
  EXPECT_GE(one.pixels[0], 254);
  EXPECT_EQ(one.pixels[3], 128);
}

TEST(ResizeTest, APartIsACropOfTheWhole) {
  for (const PixelMode mode :
       {PixelMode::kBilevel, PixelMode::kPalette, PixelMode::kRgb, PixelMode::kRgba}) {
    const Image image = random_image(33, 21, mode, 6);
    for (const auto& [height, width] : {std::pair(50, 32), std::pair(33, 40), std::pair(12, 21)}) {
      const PixelBox part{3, 2, 8, 17};
      EXPECT_EQ(resize_part(image, height, width, part).pixels,
                crop(resize(image, height, width), part).pixels);
    }
  }
}

TEST(ResizeTest, AnEndlessStripCostsOnlyItsPart) {
  const Image image = random_image(1, 16384, PixelMode::kRgb, 7);
  const PixelBox middle{0, (4096ll * 16384 - 4096) / 2, 64, 4096};
  EXPECT_EQ(resize_part(image, 4096, 4096ll * 16384, middle).width, 4096);
}

TEST(ResizeTest, RefusesBadSizes) {
  const Image image = random_image(4, 4, PixelMode::kRgb, 1);
  EXPECT_THROW(resize(image, 0, 4), Error);
  EXPECT_THROW(resize(image, 4, -1), Error);
  EXPECT_THROW(resize(image, 32769, 4), Error);
  EXPECT_THROW(resize(Image{}, 4, 4), Error);
  EXPECT_THROW(resize_part(image, 8, 8, {4, 4, 5, 4}), Error);
  EXPECT_THROW(crop(image, {0, 0, 5, 4}), Error);
  EXPECT_THROW(crop(image, {-1, 0, 2, 2}), Error);
}

}  // namespace
}  // namespace flamingo::media
