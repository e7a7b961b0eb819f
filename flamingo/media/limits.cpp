#include "flamingo/media/limits.h"

#include "flamingo/core/checked.h"

namespace flamingo::media {
namespace {

constexpr int64_t kMostSide = 1 << 16;
constexpr int64_t kMostPixels = int64_t{1} << 31;
constexpr int64_t kMostWork = int64_t{1} << 50;  // bytes, packets, pixels of a whole clip

}  // namespace

void MediaLimits::validate() const {
  require_within("limits.image", "max_side", image.max_side, 1, kMostSide);
  require_within("limits.image", "max_pixels", image.max_pixels, 1, kMostPixels);
  require_within("limits.image", "max_bytes", static_cast<int64_t>(image.max_bytes), 1, kMostWork);
  require_within("limits.video", "max_frames", video.max_frames, 1, 1 << 16);
  require_within("limits.video", "max_side", video.max_side, 1, kMostSide);
  require_within("limits.video", "max_pixels", video.max_pixels, 1, kMostPixels);
  require_within("limits.video", "max_bytes", static_cast<int64_t>(video.max_bytes), 1, kMostWork);
  require_within("limits.video", "max_packets", video.max_packets, 1, kMostPixels);
  require_within("limits.video", "max_decoded", video.max_decoded, 1, kMostWork);
}

}  // namespace flamingo::media
