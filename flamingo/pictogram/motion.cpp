#include "flamingo/pictogram/motion.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/pictures/raster.h"
#include "flamingo/pictures/square_picture.h"

namespace flamingo::pictogram {
namespace {

/// Where the drawing is at one moment, in units of the frame's side.
struct Pose {
  double x = 0;  ///< of the centre, from the frame's centre, rightwards
  double y = 0;  ///< the same, downwards
  double size = 0.6;
  double angle = 0;  ///< radians, clockwise
};

/// The pose at time t in [0, 1].
Pose pose_at(Motion motion, double t) {
  constexpr double kReach = 0.2;  // with a size of 0.6, the drawing touches the edge
  const double from_left = kReach * (2 * t - 1);
  const double grown = 0.3 + 0.6 * t;
  const double turned = t * std::numbers::pi;
  switch (motion) {
    case Motion::kRight:
      return {.x = from_left};
    case Motion::kLeft:
      return {.x = -from_left};
    case Motion::kUp:
      return {.y = -from_left};
    case Motion::kDown:
      return {.y = from_left};
    case Motion::kGrow:
      return {.size = grown};
    case Motion::kShrink:
      return {.size = 1.2 - grown};
    case Motion::kTurnRight:
      return {.angle = turned};
    case Motion::kTurnLeft:
      return {.angle = -turned};
  }
  return {};
}

/// Output (u, v) -> source pixels: the inverse of turning, scaling and shifting the drawing.
pictures::Placement placement_of(const Pose& pose, int64_t side) {
  const double centre = static_cast<double>(side) / 2;
  const double extent = static_cast<double>(side) / pose.size;
  const double a = extent * std::cos(pose.angle);
  const double b = extent * std::sin(pose.angle);
  return {.affine = {static_cast<float>(a), static_cast<float>(b),
                     static_cast<float>(centre - a * pose.x - b * pose.y), static_cast<float>(-b),
                     static_cast<float>(a), static_cast<float>(centre + b * pose.x - a * pose.y)}};
}

media::Image to_image(std::span<const float> planes, int64_t side) {
  media::Image image{.height = side, .width = side};
  const int64_t area = side * side;
  image.pixels.resize(static_cast<size_t>(area * 3));
  for (int64_t i = 0; i < area; ++i) {
    for (int64_t c = 0; c < 3; ++c) {
      const float value = std::clamp(planes[static_cast<size_t>(c * area + i)], 0.0f, 1.0f);
      image.pixels[static_cast<size_t>(i * 3 + c)] = static_cast<uint8_t>(std::lround(value * 255));
    }
  }
  return image;
}

}  // namespace

std::vector<media::Image> render_motion(const media::Image& drawing, const MotionClip& clip) {
  constexpr const char* kWhere = "render_motion";
  require_within(kWhere, "side", clip.side, 16, 1024);
  require_within(kWhere, "frames", clip.frames, 2, 1024);
  require(clip.side % 2 == 0, kWhere, "expected an even side, got {}", clip.side);
  const media::Image square = pictures::square_picture(drawing, {.size = clip.side});
  pictures::Sprite sprite;
  pictures::load_sprite(square.pixels, square.width, sprite);
  const auto area = static_cast<size_t>(clip.side * clip.side);
  std::vector<float> foreground(area * 4);
  std::vector<float> picture(area * 3);
  std::vector<media::Image> frames;
  for (int64_t i = 0; i < clip.frames; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(clip.frames - 1);
    pictures::paint_plain(clip.ground, clip.side, picture);
    pictures::sample_sprite(sprite, placement_of(pose_at(clip.motion, t), square.width), clip.side,
                            foreground);
    pictures::lay_over(foreground, 1, clip.side, picture);
    frames.push_back(to_image(picture, clip.side));
  }
  return frames;
}

}  // namespace flamingo::pictogram
