#include <cmath>

#include "tests/media/video_testing.h"

namespace flamingo::media {
namespace {

TEST(VideoEncodeTest, BothCodecsKeepFramesAndTimes) {
  for (const char* codec : {"libx264", "mpeg4"}) {
    for (const double fps : {1.0, 12.5, 30000.0 / 1001}) {
      VideoOptions options;
      options.fps = fps;
      const VideoClip clip = decode_clip(numbered_clip(6, fps, codec), options);
      ASSERT_EQ(clip.frames.size(), 6u) << codec << " at " << fps;
      for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(number_of(clip.frames[i].image), i);
        EXPECT_DOUBLE_EQ(clip.frames[i].shown_seconds, i / fps);  // whole ticks of the container
      }
    }
  }
}

TEST(VideoEncodeTest, RefusesBadInput) {
  const std::string path = ::testing::TempDir() + "bad.mp4";
  const std::vector<Image> good = {numbered_frame(0)};
  EXPECT_THROW(write_video(path, {}, 10), Error);
  EXPECT_THROW(write_video(path, good, 0), Error);
  EXPECT_THROW(write_video(path, good, NAN), Error);
  EXPECT_THROW(write_video(path, good, 10, "no_such_codec"), Error);
  EXPECT_THROW(write_video("/nonexistent/a.mp4", good, 10), Error);
  const std::vector<Image> sizes = {numbered_frame(0), random_image(50, 64, PixelMode::kRgb, 1)};
  EXPECT_THROW(write_video(path, sizes, 10), Error);
  const std::vector<Image> odd = {random_image(49, 64, PixelMode::kRgb, 1)};
  EXPECT_THROW(write_video(path, odd, 10), Error);
  const std::vector<Image> grey = {random_image(48, 64, PixelMode::kGrey, 1)};
  EXPECT_THROW(write_video(path, grey, 10), Error);
  EXPECT_FALSE(std::filesystem::exists(path)) << "nothing half-written";
}

}  // namespace
}  // namespace flamingo::media
