#include "flamingo/corpus/picture_filter.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "tests/corpus/picture_testing.h"
#include "tests/io/byte_builder.h"

namespace flamingo::corpus {
namespace {

using testing::as_bytes;
using testing::flat;
using testing::golden_bytes;
using testing::scene;

PictureVerdict judge(const std::string& bytes, const PictureConfig& config = {}) {
  return judge_picture(as_bytes(bytes), "picture", config);
}

PictureVerdict judge(const media::Image& image, const PictureConfig& config = {}) {
  return judge(media::encode_png(image), config);
}

TEST(PictureFilter, KeepsPicturesAndHandsTheirPixelsOver) {
  const media::Image image = scene(64, 192, 1);
  const PictureVerdict verdict = judge(image);
  EXPECT_TRUE(verdict.passed()) << enum_name(verdict.rule);
  EXPECT_EQ(verdict.info.format, media::ImageFormat::kPng);
  EXPECT_EQ(verdict.info.width, 192);
  EXPECT_EQ(verdict.rgb.pixels, image.pixels);
  EXPECT_TRUE(judge(golden_bytes("preprocessing/images/photo.jpg"), {.min_side = 8}).passed());
}

TEST(PictureFilter, Sides) {
  const PictureVerdict low = judge(scene(63, 100, 1));
  EXPECT_EQ(low.rule, PictureRule::kShortSide);
  EXPECT_EQ(low.value, 63);
  EXPECT_EQ(judge(scene(100, 63, 1)).rule, PictureRule::kShortSide);
  EXPECT_TRUE(judge(scene(63, 100, 1), {.min_side = 63}).passed());
}

TEST(PictureFilter, AspectRatioEitherWay) {
  const PictureVerdict wide = judge(scene(64, 193, 1));
  EXPECT_EQ(wide.rule, PictureRule::kAspectRatio);
  EXPECT_DOUBLE_EQ(wide.value, 193.0 / 64);
  EXPECT_EQ(judge(scene(193, 64, 1)).rule, PictureRule::kAspectRatio);
  EXPECT_TRUE(judge(scene(193, 64, 1), {.max_aspect_ratio = 3.1}).passed());
}

TEST(PictureFilter, LimitsApplyBeforeDecoding) {
  const media::Image image = scene(70, 80, 1);
  EXPECT_EQ(judge(image, {.max_side = 79}).rule, PictureRule::kTooLarge);
  EXPECT_EQ(judge(image, {.max_pixels = 70 * 80 - 1}).rule, PictureRule::kTooLarge);
  EXPECT_EQ(judge(image, {.max_bytes = 100}).rule, PictureRule::kTooLarge);
  // A header alone is enough for all cheap rules: nothing was decoded.
  const std::string head = media::encode_png(scene(63, 100, 1)).substr(0, 30);
  EXPECT_EQ(judge(head).rule, PictureRule::kShortSide);
}

TEST(PictureFilter, UnknownAndDamagedFiles) {
  EXPECT_EQ(judge(std::string()).rule, PictureRule::kUnknownFormat);
  EXPECT_EQ(judge(std::string("<svg/>")).rule, PictureRule::kUnknownFormat);
  const std::string png = media::encode_png(scene(70, 80, 1));
  EXPECT_EQ(judge(png.substr(0, png.size() / 2)).rule, PictureRule::kUndecodable);
}

TEST(PictureFilter, SingleColour) {
  EXPECT_EQ(judge(flat(70, 80, 200)).rule, PictureRule::kSingleColour);
  const std::string jpeg = testing::encode_jpeg(flat(70, 80, 120), 50);
  EXPECT_EQ(judge(jpeg).rule, PictureRule::kSingleColour);
  media::Image drawing = flat(100, 100, 250);
  for (size_t i = 0; i < 9; ++i) drawing.pixels[3 * (i * 105)] = 0;  // 9 of 10,000 pixels
  const PictureVerdict verdict = judge(drawing);
  EXPECT_EQ(verdict.rule, PictureRule::kSingleColour);
  EXPECT_DOUBLE_EQ(verdict.value, 0.0009);
  EXPECT_TRUE(verdict.rgb.pixels.empty());
  drawing.pixels[3 * 5'000] = 0;
  EXPECT_TRUE(judge(drawing).passed());
  EXPECT_EQ(judge(drawing, {.min_other_colours = 0.01}).rule, PictureRule::kSingleColour);
}

// Black strokes are in the alpha channel alone: over white they are a drawing.
TEST(PictureFilter, TransparencyIsSeenOverWhite) {
  media::Image image{70, 70, media::PixelMode::kRgba, std::vector<uint8_t>(70 * 70 * 4), {}, {}};
  EXPECT_EQ(judge(image).rule, PictureRule::kSingleColour);
  for (size_t i = 0; i < 70 * 70; i += 3) image.pixels[4 * i + 3] = 255;
  EXPECT_TRUE(judge(image).passed());
}

TEST(PictureFilter, ShareOfOtherColours) {
  media::Image image = flat(2, 2, 100);
  EXPECT_EQ(share_of_other_colours(image, 0), 0);
  image.pixels[4] = 180;  // mean green 120
  EXPECT_DOUBLE_EQ(share_of_other_colours(image, 20), 0.25);
  EXPECT_DOUBLE_EQ(share_of_other_colours(image, 19), 1);
  EXPECT_DOUBLE_EQ(share_of_other_colours(image, 60), 0);
}

TEST(PictureFilter, NamesPrint) {
  EXPECT_EQ(enum_name(PictureRule::kSingleColour), "single_colour");
  EXPECT_EQ(config_to_json(PictureConfig{})["min_side"], 64);
}

}  // namespace
}  // namespace flamingo::corpus
