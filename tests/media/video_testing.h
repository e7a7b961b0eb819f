#pragma once

#include <string>
#include <vector>

#include "flamingo/media/video.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {

/// Frame i of a clip that tells its own number: a 48 x 64 picture whose grey is 20 + 10 * i, with
/// the top left quarter white.
inline Image numbered_frame(int i) {
  Image image{48, 64, PixelMode::kRgb, {}, {}, {}};
  image.pixels.assign(3 * 48 * 64, static_cast<uint8_t>(20 + 10 * i));
  for (int y = 0; y < 24; ++y) {
    std::fill_n(image.pixels.begin() + 3 * y * 64, 3 * 32, uint8_t{255});
  }
  return image;
}

/// The number that a decoded frame tells.
inline int number_of(const Image& image) {
  const uint8_t* pixel =
      image.pixels.data() + 3 * ((image.height - 4) * image.width + image.width - 4);
  return (static_cast<int>(pixel[1]) - 20 + 5) / 10;
}

/// The bytes of a clip of `count` numbered frames.
inline std::string numbered_clip(int count, double fps, const std::string& codec = "") {
  std::vector<Image> frames;
  for (int i = 0; i < count; ++i) frames.push_back(numbered_frame(i));
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string path = ::testing::TempDir() + test->test_suite_name() + test->name() + ".mp4";
  write_video(path, frames, fps, codec);
  std::string bytes = bytes_of(path);
  std::filesystem::remove(path);
  return bytes;
}

inline VideoClip decode_clip(const std::string& bytes, const VideoOptions& options = {}) {
  return decode_video(std::as_bytes(std::span(bytes)), "clip", options);
}

}  // namespace flamingo::media
