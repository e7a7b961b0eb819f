#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "flamingo/media/image.h"
#include "flamingo/pictures/backdrop.h"

namespace flamingo::pictogram {

/// What a drawing does in a clip. No single frame tells it.
enum class Motion { kRight, kLeft, kUp, kDown, kGrow, kShrink, kTurnRight, kTurnLeft };

constexpr std::array<std::pair<Motion, const char*>, 8> enum_table(Motion) {
  return {{{Motion::kRight, "moving right"},
           {Motion::kLeft, "moving left"},
           {Motion::kUp, "moving up"},
           {Motion::kDown, "moving down"},
           {Motion::kGrow, "growing"},
           {Motion::kShrink, "shrinking"},
           {Motion::kTurnRight, "turning clockwise"},
           {Motion::kTurnLeft, "turning anticlockwise"}}};
}

/// How a clip looks.
struct MotionClip {
  Motion motion = Motion::kRight;
  pictures::Colour ground = {1, 1, 1};  ///< behind the drawing
  int64_t side = 96;                    ///< S, pixels; even, 16 to 1024
  int64_t frames = 8;                   ///< 2 to 1024
};

/// RGB frames [S, S, 3] of the drawing (RGBA, or RGB) that moves once, evenly, from the first frame
/// to the last. Throws Error when a size is out of range.
std::vector<media::Image> render_motion(const media::Image& drawing, const MotionClip& clip);

}  // namespace flamingo::pictogram
