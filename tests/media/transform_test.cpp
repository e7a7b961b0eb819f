#include "flamingo/media/transform.h"

#include <cmath>
#include <cstring>

#include "flamingo/core/config.h"
#include "flamingo/io/safetensors.h"
#include "tests/media/media_testing.h"
#include "tests/support/rounding.h"

namespace flamingo::media {
namespace {

TransformConfig config_of(TransformMode mode, int64_t size) {
  TransformConfig config;
  config.mode = mode;
  config.size = size;
  return config;
}

/// "photo.jpg.openclip224" -> the file's name and the peer's transform.
std::pair<std::string, TransformConfig> parse_name(const std::string& name) {
  const size_t dot = name.rfind('.');
  const size_t digits = name.find_first_of("0123456789", dot);
  const bool open_clip = name.compare(dot + 1, digits - dot - 1, "openclip") == 0;
  return {name.substr(0, dot),
          config_of(open_clip ? TransformMode::kOpenClip : TransformMode::kIdefics,
                    std::stoll(name.substr(digits)))};
}

TEST(TransformTest, MatchesThePeers) {
  const std::string folder = std::string(FLAMINGO_GOLDEN_DIR) + "/preprocessing";
  const auto expected = io::Safetensors::open(folder + "/expected.safetensors");
  DecodeOptions options;
  options.apply_orientation = false;
  ASSERT_EQ(expected.tensors().size(), 25u);
  for (const io::TensorView& view : expected.tensors()) {
    const auto [file, config] = parse_name(view.name);
    const PixelTensor got =
        transform_image(load_image(folder + "/images/" + file, options), config);
    ASSERT_EQ(view.shape, (std::vector<int64_t>{3, config.size, config.size}));
    const bool lossless = file.ends_with(".png");
    for (size_t i = 0; i < got.values.size(); ++i) {
      float value = 0;
      std::memcpy(&value, view.data.data() + 4 * i, 4);
      const float std = config.std[i / (config.size * config.size)];
      // A byte scaled and shifted; of a lossy file another decoder's byte may be two steps off.
      const double rounded = testing::rounding<float>(4, 1 / std);
      ASSERT_NEAR(got.values[i], value, lossless ? rounded : 2.0 / 255 / std + rounded)
          << view.name << " at " << i;
    }
  }
}

TEST(TransformTest, NativeKeepsTheAspectRatioAndPadsWithTheMean) {
  Image image = random_image(10, 40, PixelMode::kRgb, 1);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{255});
  const TransformConfig config = config_of(TransformMode::kNative, 32);
  const PixelTensor tensor = transform_image(image, config);
  for (int c = 0; c < 3; ++c) {
    const float white = (1 - config.mean[c]) / config.std[c];
    for (int y = 0; y < 32; ++y) {
      const bool inside = y >= 12 && y < 20;
      EXPECT_EQ(tensor.values[(c * 32 + y) * 32 + 5], inside ? white : 0.0f) << c << " row " << y;
    }
  }
  EXPECT_EQ(transform_to_rgb(image, config).pixels[0], std::lround(255 * config.mean[0]));
}

TEST(TransformTest, NativePadsTheSidesOfATallPicture) {
  const Image image = random_image(40, 1, PixelMode::kGrey, 1);
  const PixelTensor tensor = transform_image(image, config_of(TransformMode::kNative, 20));
  int columns = 0;
  for (int x = 0; x < 20; ++x) columns += tensor.values[x] != 0 ? 1 : 0;
  EXPECT_EQ(columns, 1);
}

TEST(TransformTest, NativePutsTransparencyOnWhite) {
  const Image image{1, 1, PixelMode::kRgba, {0, 0, 0, 0}, {}, {}};
  const Image rgb = transform_to_rgb(image, config_of(TransformMode::kNative, 4));
  for (const uint8_t value : rgb.pixels) EXPECT_EQ(value, 255);
}

TEST(TransformTest, EveryModeTakesEveryShape) {
  for (const auto& [height, width] : {std::pair(1, 1), std::pair(1, 500), std::pair(500, 1),
                                      std::pair(3, 2), std::pair(33, 33)}) {
    for (const TransformMode mode :
         {TransformMode::kOpenClip, TransformMode::kIdefics, TransformMode::kNative}) {
      for (const PixelMode pixels :
           {PixelMode::kBilevel, PixelMode::kGrey, PixelMode::kGreyAlpha, PixelMode::kPalette,
            PixelMode::kRgb, PixelMode::kRgba, PixelMode::kCmyk}) {
        const PixelTensor tensor =
            transform_image(random_image(height, width, pixels, 9), config_of(mode, 24));
        ASSERT_EQ(tensor.values.size(), 3u * 24 * 24);
        for (const float value : tensor.values) ASSERT_TRUE(std::isfinite(value));
      }
    }
  }
}

TEST(TransformTest, ReadsItsConfig) {
  TransformConfig config;
  config_from_json(parse_json(R"({"mode": "idefics", "size": 30, "filter": "bilinear"})", "test"),
                   config, "test");
  EXPECT_EQ(config.mode, TransformMode::kIdefics);
  EXPECT_EQ(config.size, 30);
  EXPECT_EQ(config.filter, ResizeFilter::kBilinear);
  EXPECT_THROW(config_from_json(parse_json(R"({"mode": "squash"})", "test"), config, "test"),
               Error);
}

TEST(TransformTest, RefusesABadConfig) {
  const Image image = random_image(4, 4, PixelMode::kRgb, 1);
  TransformConfig config;
  config.size = 0;
  EXPECT_THROW(transform_image(image, config), Error);
  config = {};
  config.mean = {0.5f};
  EXPECT_THROW(transform_image(image, config), Error);
  config = {};
  config.std = {1, 0, 1};
  EXPECT_THROW(transform_image(image, config), Error);
  config = {};
  config.mean[1] = NAN;
  EXPECT_THROW(transform_image(image, config), Error);
}

/// A black picture whose black is its colour key.
TEST(TransformTest, AnRgbKeyIsOverWhiteForOurOwnModelsAlone) {
  Image image{2, 2, PixelMode::kRgb, std::vector<uint8_t>(12, 0), {}, std::vector<uint8_t>(4, 0)};
  TransformConfig config{.mode = TransformMode::kNative, .size = 2};
  EXPECT_EQ(transform_to_rgb(image, config).pixels, std::vector<uint8_t>(12, 255));
  config.mode = TransformMode::kIdefics;  // as IdeficsImageProcessor, which asks for the mode only
  EXPECT_EQ(transform_to_rgb(image, config).pixels, std::vector<uint8_t>(12, 0));
  config.mode = TransformMode::kOpenClip;
  EXPECT_EQ(transform_to_rgb(image, config).pixels, std::vector<uint8_t>(12, 0));
  image.mask.pop_back();
  EXPECT_THROW(transform_to_rgb(image, {.mode = TransformMode::kNative, .size = 2}), Error);
}

}  // namespace
}  // namespace flamingo::media
