#include "flamingo/pictogram/motion.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/pictogram/catalog.h"

namespace flamingo::pictogram {
namespace {

/// A black bar over the upper half of the drawing.
media::Image upper_bar() {
  media::Image image{.height = kSide, .width = kSide, .mode = media::PixelMode::kRgba};
  image.pixels.assign(kSide * kSide * 4, 0);
  for (int64_t i = 0; i < kSide * kSide / 2; ++i) image.pixels[i * 4 + 3] = 255;
  return image;
}

/// What is dark in a frame: its amount and centre, in units of the side, from the frame's centre.
struct Dark {
  double amount = 0, x = 0, y = 0;
};

Dark dark_part(const media::Image& frame) {
  Dark dark;
  const double side = static_cast<double>(frame.width);
  for (int64_t row = 0; row < frame.height; ++row) {
    for (int64_t column = 0; column < frame.width; ++column) {
      const double weight = 1 - frame.pixels[(row * frame.width + column) * 3] / 255.0;
      dark.amount += weight;
      dark.x += weight * ((static_cast<double>(column) + 0.5) / side - 0.5);
      dark.y += weight * ((static_cast<double>(row) + 0.5) / side - 0.5);
    }
  }
  dark.x /= dark.amount;
  dark.y /= dark.amount;
  return dark;
}

std::pair<Dark, Dark> ends(Motion motion) {
  const auto frames = render_motion(upper_bar(), {.motion = motion});
  return {dark_part(frames.front()), dark_part(frames.back())};
}

constexpr double kMovingTolerance = 0.01;  // of the side: a pixel of 96

TEST(MovingPictogram, MovesAsItsNameSays) {
  const auto [right_begin, right_end] = ends(Motion::kRight);
  EXPECT_NEAR(right_begin.x, -0.2, kMovingTolerance);
  EXPECT_NEAR(right_end.x, 0.2, kMovingTolerance);
  EXPECT_NEAR(right_begin.y, right_end.y, kMovingTolerance);
  const auto [left_begin, left_end] = ends(Motion::kLeft);
  EXPECT_NEAR(left_end.x, -0.2, kMovingTolerance);
  const auto [up_begin, up_end] = ends(Motion::kUp);
  EXPECT_NEAR(up_begin.y - up_end.y, 0.4, kMovingTolerance);
  const auto [down_begin, down_end] = ends(Motion::kDown);
  EXPECT_NEAR(down_end.y - down_begin.y, 0.4, kMovingTolerance);
}

TEST(MovingPictogram, GrowsAndShrinks) {
  const auto [small, large] = ends(Motion::kGrow);
  EXPECT_NEAR(large.amount / small.amount, 9, 0.5);
  const auto [before, after] = ends(Motion::kShrink);
  EXPECT_NEAR(before.amount / after.amount, 9, 0.5);
}

TEST(MovingPictogram, TurnsTheWayItSays) {
  for (const auto& [motion, sign] :
       {std::pair{Motion::kTurnRight, 1.0}, {Motion::kTurnLeft, -1.0}}) {
    const auto frames = render_motion(upper_bar(), {.motion = motion, .frames = 3});
    const Dark begin = dark_part(frames[0]);
    const Dark middle = dark_part(frames[1]);
    const Dark end = dark_part(frames[2]);
    EXPECT_NEAR(begin.y, -0.15, kMovingTolerance);
    EXPECT_NEAR(middle.x, sign * 0.15, kMovingTolerance)
        << "the upper half is at the right, clockwise";
    EXPECT_NEAR(middle.y, 0, kMovingTolerance);
    EXPECT_NEAR(end.y, 0.15, kMovingTolerance);
  }
}

TEST(MovingPictogram, GroundShowsAroundTheDrawing) {
  const auto frames = render_motion(upper_bar(), {.ground = {1, 0.5f, 0}});
  EXPECT_EQ(frames.size(), 8u);
  EXPECT_EQ(frames[0].width, 96);
  EXPECT_EQ(frames[0].pixels[0], 255);
  EXPECT_EQ(frames[0].pixels[1], 128);
  EXPECT_EQ(frames[0].pixels[2], 0);
}

TEST(MovingPictogram, RefusesSizesOutOfRange) {
  EXPECT_THROW(render_motion(upper_bar(), {.side = 97}), Error);
  EXPECT_THROW(render_motion(upper_bar(), {.side = 8}), Error);
  EXPECT_THROW(render_motion(upper_bar(), {.frames = 1}), Error);
}

}  // namespace
}  // namespace flamingo::pictogram
