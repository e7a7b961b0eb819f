#include "flamingo/generate/media_loader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "flamingo/checkpoint/state_dict.h"

#ifdef FLAMINGO_MEDIA
#include "tests/media/video_testing.h"
#include "tests/support/rounding.h"
#endif

namespace flamingo::generate {
namespace {

const std::string kFixture = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end/";

prompt::Prompt pictures(const std::vector<std::string>& names) {
  prompt::Prompt prompt;
  for (const std::string& name : names) prompt.items.push_back(prompt::ImageItem{kFixture + name});
  return prompt;
}

#ifdef FLAMINGO_MEDIA

/// Of normalised pixels, up to 3 in size: an interpolation over some 10 pixels in each direction,
/// rounded to a byte as the peer does it, then scaled and shifted.
const double kTolerance = testing::rounding<float>(4, 3);

/// Both sides squashed to 16 pixels with values in [0, 1].
media::TransformConfig plain_transform() {
  media::TransformConfig config;
  config.mode = media::TransformMode::kIdefics;
  config.size = 16;
  config.mean = {0, 0, 0};
  config.std = {1, 1, 1};
  return config;
}

/// A clip of 20 numbered frames, 4 seconds long, in a file of the running test.
class Clip : public ::testing::Test {
 protected:
  Clip() { write_file_atomic(path_, media::numbered_clip(20, 5)); }
  ~Clip() override { std::filesystem::remove(path_); }

  PreparedMediaItem load(const FrameSampling& sampling) const {
    return load_media({.items = {prompt::VideoItem{path_}}}, plain_transform(), sampling).front();
  }

  /// The numbers that the frames tell: a frame's lower right is of grey 20 + 10 * number.
  static std::vector<int> numbers(const PreparedMediaItem& clip) {
    std::vector<int> result;
    for (int64_t f = 0; f < clip.pixels.size(0); ++f) {
      const double grey = 255 * clip.pixels[f][1][14][14].item<double>();
      result.push_back(static_cast<int>(std::lround((grey - 20) / 10)));
    }
    return result;
  }

  const std::string path_ = ::testing::TempDir() + "flamingo_media_loader_test.mp4";
};

TEST(LoadMedia, PicturesAreThePeers) {
  media::TransformConfig config;
  config.mode = media::TransformMode::kIdefics;
  config.size = 28;
  const auto media = load_media(pictures({"images/cats.png", "images/street.jpg"}), config, {});
  const auto expected = checkpoint::load_state_dict(kFixture + "cases/prompts/inputs.safetensors")
                            .at("pixel_values")[0];  // [M, 3, S, S]
  ASSERT_EQ(media.size(), 2u);
  for (int64_t m = 0; m < 2; ++m) {
    const at::Tensor& pixels = media[static_cast<size_t>(m)].pixels;
    ASSERT_EQ(pixels.sizes(), (std::vector<int64_t>{1, 3, 28, 28}));
    EXPECT_LE((pixels[0] - expected[m]).abs().max().item<double>(), kTolerance) << m;
  }
}

TEST(LoadMedia, KeysTellContentsApart) {
  const std::string copy = ::testing::TempDir() + "flamingo_media_loader_copy.png";
  std::filesystem::copy_file(kFixture + "images/cats.png", copy,
                             std::filesystem::copy_options::overwrite_existing);
  prompt::Prompt prompt = pictures({"images/cats.png", "images/tall.png"});
  prompt.items.push_back(prompt::TextItem{"between"});
  prompt.items.push_back(prompt::ImageItem{copy});
  const auto media = load_media(prompt, plain_transform(), {});
  std::filesystem::remove(copy);
  ASSERT_EQ(media.size(), 3u);
  EXPECT_NE(media[0].key, media[1].key);
  EXPECT_EQ(media[0].key, media[2].key);
  EXPECT_TRUE(media[0].pixels.equal(media[2].pixels));
}

TEST_F(Clip, FramesFollowTheRateOrTheCount) {
  EXPECT_EQ(numbers(load({.fps = 1})), (std::vector<int>{0, 5, 10, 15}));
  EXPECT_EQ(numbers(load({.fps = 1, .frames = 2})), (std::vector<int>{5, 15}));
  EXPECT_EQ(load({.fps = 2}).pixels.sizes(), (std::vector<int64_t>{8, 3, 16, 16}));
  EXPECT_THROW(load({.fps = 1, .limits = {.image = {}, .video = {.max_frames = 3}}}), Error);
}

TEST_F(Clip, TheKeyHoldsTheSampling) {
  EXPECT_EQ(load({.fps = 1}).key, load({.fps = 1}).key);
  EXPECT_NE(load({.fps = 1}).key, load({.fps = 2}).key);
  EXPECT_NE(load({.fps = 1}).key, load({.fps = 1, .frames = 4}).key);
}

TEST_F(Clip, IsNoPicture) {
  EXPECT_THROW(load_media({.items = {prompt::ImageItem{path_}}}, plain_transform(), {}), Error);
}

TEST(LoadMedia, ErrorsNameTheFile) {
  for (const char* name : {"images/none.png", "meta.json"}) {
    try {
      load_media(pictures({"images/cats.png", name}), plain_transform(), {});
      FAIL() << "expected an Error for " << name;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
}

#else

TEST(LoadMedia, NeedsTheMediaLibraries) {
  EXPECT_THROW(load_media(pictures({"images/cats.png"}), {}, {}), Error);
}

#endif

TEST(LoadMedia, TextAloneHasNone) {
  EXPECT_TRUE(load_media({.items = {prompt::TextItem{"text"}}}, {}, {}).empty());
}

}  // namespace
}  // namespace flamingo::generate
