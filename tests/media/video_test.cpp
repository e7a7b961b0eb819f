#include "flamingo/media/video.h"

#include <cmath>
#include <ostream>

#include "tests/media/video_testing.h"

namespace flamingo::media {
namespace {

struct Shown {
  double seconds, shown_seconds;
  int number;
  bool operator==(const Shown&) const = default;
};

std::vector<Shown> shown(const VideoClip& clip) {
  std::vector<Shown> result;
  for (const VideoFrame& frame : clip.frames) {
    result.push_back({frame.seconds, frame.shown_seconds, number_of(frame.image)});
  }
  return result;
}

std::ostream& operator<<(std::ostream& out, const Shown& s) {
  return out << s.seconds << " s shows frame " << s.number << " of " << s.shown_seconds << " s";
}

TEST(VideoTest, TakesOneFrameASecond) {
  const VideoClip clip = decode_clip(numbered_clip(20, 5));
  EXPECT_EQ(shown(clip), (std::vector<Shown>{{0, 0, 0}, {1, 1, 5}, {2, 2, 10}, {3, 3, 15}}));
  EXPECT_DOUBLE_EQ(clip.seconds, 4);
  EXPECT_EQ(clip.frames_bad, 0);
  EXPECT_EQ(clip.frames[0].image.height, 48);
  EXPECT_EQ(clip.frames[0].image.width, 64);
}

TEST(VideoTest, TakesTheLastFrameNotAfterTheMoment) {
  VideoOptions options;
  options.fps = 4;  // moments 0, 0.25, ... of frames at 0, 0.1, 0.2, ...
  EXPECT_EQ(shown(decode_clip(numbered_clip(8, 10), options)),
            (std::vector<Shown>{{0, 0, 0}, {0.25, 0.2, 2}, {0.5, 0.5, 5}, {0.75, 0.7, 7}}));
}

TEST(VideoTest, RepeatsFramesAboveTheClipsRate) {
  VideoOptions options;
  options.fps = 4;
  EXPECT_EQ(shown(decode_clip(numbered_clip(2, 2), options)),
            (std::vector<Shown>{{0, 0, 0}, {0.25, 0, 0}, {0.5, 0.5, 1}, {0.75, 0.5, 1}}));
}

TEST(VideoTest, TakesExactlySoManyFrames) {
  VideoOptions options;
  for (const int count : {1, 2, 4, 10, 30}) {
    options.frames = count;
    const VideoClip clip = decode_clip(numbered_clip(20, 10), options);
    ASSERT_EQ(std::ssize(clip.frames), count);
    EXPECT_DOUBLE_EQ(clip.seconds, 2);
    for (int i = 0; i < count; ++i) {
      EXPECT_DOUBLE_EQ(clip.frames[i].seconds, (i + 0.5) * 2.0 / count);
      EXPECT_EQ(number_of(clip.frames[i].image), (2 * i + 1) * 10 / count);  // ten a second
    }
  }
}

TEST(VideoTest, ASingleFrameIsAClip) {
  const std::string bytes = numbered_clip(1, 25);
  EXPECT_EQ(decode_clip(bytes).frames.size(), 1u);
  VideoOptions options;
  options.frames = 3;
  EXPECT_EQ(decode_clip(bytes, options).frames.size(), 3u);
}

TEST(VideoTest, AnAnimatedGifIsAClip) {
  const VideoClip clip = load_video(codec_file("animated.gif"));
  ASSERT_EQ(clip.frames.size(), 1u);
  EXPECT_EQ(convert_to_rgb(load_image(codec_file("animated.gif"))).pixels,
            clip.frames[0].image.pixels);
}

TEST(VideoTest, AppliesLimits) {
  const std::string bytes = numbered_clip(20, 5);
  VideoOptions options;
  options.limits.max_frames = 3;
  EXPECT_THROW(decode_clip(bytes, options), Error);
  options.frames = 4;
  EXPECT_THROW(decode_clip(bytes, options), Error);
  options.frames = 3;
  EXPECT_EQ(decode_clip(bytes, options).frames.size(), 3u);
  options.limits.max_output_bytes = 3 * 3 * 48 * 64 - 1;
  EXPECT_THROW(decode_clip(bytes, options), Error);
  options = {};
  options.limits.max_packets = 10;
  EXPECT_THROW(decode_clip(bytes, options), Error);
  options = {};
  options.limits.max_bytes = 100;
  EXPECT_THROW(decode_clip(bytes, options), Error);
  options = {};
  options.limits.max_side = 63;
  EXPECT_THROW(decode_clip(bytes, options), Error);
  options = {};
  options.limits.max_pixels = 64 * 48 - 1;
  EXPECT_THROW(decode_clip(bytes, options), Error);
  options = {};
  options.limits.max_decoded = 10 * VideoLimits::kLeastPixels;
  EXPECT_THROW(decode_clip(bytes, options), Error);
}

TEST(VideoTest, RefusesBadOptions) {
  const std::string bytes = numbered_clip(1, 5);
  for (const double fps : {0.0, -1.0, 1e9, static_cast<double>(NAN)}) {
    VideoOptions options;
    options.fps = fps;
    EXPECT_THROW(decode_clip(bytes, options), Error);
  }
  VideoOptions options;
  options.frames = -1;
  EXPECT_THROW(decode_clip(bytes, options), Error);
}

TEST(VideoTest, RefusesMissingPathsAndFolders) {
  EXPECT_THROW(load_video("/nonexistent/clip.mp4"), Error);
  EXPECT_THROW(load_video(::testing::TempDir()), Error);
}

}  // namespace
}  // namespace flamingo::media
