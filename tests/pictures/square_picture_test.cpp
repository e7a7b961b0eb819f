#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "flamingo/pictures/square_picture.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::pictures {
namespace {

const media::TransformConfig kSmall{.size = 16, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}};

TEST(SquarePicture, SeeThroughOnesArePaddedAndMadeSmallerOnlyWhereMuchTooLarge) {
  media::Image wide{.height = 4, .width = 10, .mode = media::PixelMode::kRgba};
  wide.pixels.assign(4 * 10 * 4, 200);
  const media::Image padded = square_picture(wide, kSmall);
  EXPECT_EQ(padded.width, 10);
  EXPECT_EQ(padded.height, 10);
  EXPECT_EQ(padded.pixels[3], 0);
  EXPECT_EQ(padded.pixels[(5 * 10 + 5) * 4], 200);
  EXPECT_EQ(square_picture(testing::square_drawing({1, 2, 3}, 5), kSmall).width, 32);
}

TEST(SquarePicture, OpaqueOnesBecomeWhatTheModelIsShown) {
  media::Image photo{.height = 30, .width = 60};
  for (int64_t i = 0; i < 30 * 60; ++i)
    photo.pixels.insert(photo.pixels.end(), {static_cast<uint8_t>(i % 60 * 4), 100, 50});
  const media::Image square = square_picture(photo, kSmall);
  const media::Image shown = media::transform_to_rgb(photo, kSmall);
  ASSERT_EQ(square.width, 16);
  for (size_t i = 0; i < 16 * 16; ++i) {
    for (size_t c = 0; c < 3; ++c) EXPECT_EQ(square.pixels[4 * i + c], shown.pixels[3 * i + c]);
    EXPECT_EQ(square.pixels[4 * i + 3], 255);
  }
  EXPECT_EQ(opaque_pixels(photo, kSmall), media::transform_image(photo, kSmall).values);
}

TEST(SquarePicture, OtherModesAreErrors) {
  EXPECT_THROW(square_picture({.height = 1, .width = 1, .mode = media::PixelMode::kGrey}, kSmall),
               Error);
}

}  // namespace
}  // namespace flamingo::pictures
