#include <avif/avif.h>

#include <memory>
#include <optional>
#include <tuple>

#include "flamingo/media/orientation.h"
#include "flamingo/media/probe.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

/// How a test's AVIF file is written; lossless as it stands.
struct AvifSpec {
  int depth = 8;
  avifPixelFormat format = AVIF_PIXEL_FORMAT_YUV444;
  std::optional<int> rotation = {};  ///< anticlockwise, by quarters
  std::optional<int> mirror = {};    ///< 0: top and bottom change places, 1: left and right
  bool clean_aperture = false;       ///< of one pixel
  std::string exif = {};
  std::vector<Image> later_frames = {};
};

struct FreeAvif {
  void operator()(avifImage* image) const { avifImageDestroy(image); }
  void operator()(avifEncoder* encoder) const { avifEncoderDestroy(encoder); }
};

std::unique_ptr<avifImage, FreeAvif> to_avif(const Image& image, const AvifSpec& spec) {
  std::unique_ptr<avifImage, FreeAvif> avif(
      avifImageCreate(static_cast<uint32_t>(image.width), static_cast<uint32_t>(image.height),
                      static_cast<uint32_t>(spec.depth), spec.format));
  const bool exact = spec.format == AVIF_PIXEL_FORMAT_YUV444;
  avif->matrixCoefficients =
      exact ? AVIF_MATRIX_COEFFICIENTS_IDENTITY : AVIF_MATRIX_COEFFICIENTS_BT601;
  avif->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
  avif->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
  Image pixels = image;
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, avif.get());
  rgb.depth = 8;
  rgb.format = image.mode == PixelMode::kRgba ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.pixels = pixels.pixels.data();
  rgb.rowBytes = static_cast<uint32_t>(image.width * image.channels());
  EXPECT_EQ(avifImageRGBToYUV(avif.get(), &rgb), AVIF_RESULT_OK);
  if (spec.rotation) {
    avif->transformFlags |= AVIF_TRANSFORM_IROT;
    avif->irot.angle = static_cast<uint8_t>(*spec.rotation);
  }
  if (spec.mirror) {
    avif->transformFlags |= AVIF_TRANSFORM_IMIR;
    avif->imir.mode = static_cast<uint8_t>(*spec.mirror);
  }
  if (spec.clean_aperture) {
    avif->transformFlags |= AVIF_TRANSFORM_CLAP;
    avif->clap = {.widthN = 1,
                  .widthD = 1,
                  .heightN = 1,
                  .heightD = 1,
                  .horizOffN = 0,
                  .horizOffD = 1,
                  .vertOffN = 0,
                  .vertOffD = 1};
  }
  avifRWDataSet(&avif->exif, reinterpret_cast<const uint8_t*>(spec.exif.data()), spec.exif.size());
  return avif;
}

std::string avif_of(const Image& image, const AvifSpec& spec = {}) {
  const std::unique_ptr<avifEncoder, FreeAvif> encoder(avifEncoderCreate());
  encoder->speed = AVIF_SPEED_FASTEST;
  encoder->minQuantizer = encoder->maxQuantizer = AVIF_QUANTIZER_LOSSLESS;
  encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = AVIF_QUANTIZER_LOSSLESS;
  const auto flag =
      spec.later_frames.empty() ? AVIF_ADD_IMAGE_FLAG_SINGLE : AVIF_ADD_IMAGE_FLAG_NONE;
  EXPECT_EQ(avifEncoderAddImage(encoder.get(), to_avif(image, spec).get(), 1, flag),
            AVIF_RESULT_OK);
  for (const Image& later : spec.later_frames)
    EXPECT_EQ(avifEncoderAddImage(encoder.get(), to_avif(later, spec).get(), 1, flag),
              AVIF_RESULT_OK);
  avifRWData data = AVIF_DATA_EMPTY;
  EXPECT_EQ(avifEncoderFinish(encoder.get(), &data), AVIF_RESULT_OK);
  std::string bytes(reinterpret_cast<const char*>(data.data), data.size);
  avifRWDataFree(&data);
  return bytes;
}

std::string error_of(const std::string& bytes, const DecodeOptions& options) {
  try {
    decode(bytes, options);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(AvifTest, LosslessPixelsAreExact) {
  for (const auto& [mode, height, width] :
       {std::tuple(PixelMode::kRgb, 33, 47), std::tuple(PixelMode::kRgba, 20, 31),
        std::tuple(PixelMode::kRgb, 1, 1)}) {
    const Image image = random_image(height, width, mode, 3);
    const Image got = decode(avif_of(image));
    EXPECT_EQ(got.mode, mode);
    EXPECT_EQ(got.height, height);
    EXPECT_EQ(got.width, width);
    EXPECT_EQ(got.pixels, image.pixels);
  }
}

TEST(AvifTest, DeepAndSubsampledPicturesBecomeBytes) {
  Image flat{9, 7, PixelMode::kRgb, {}, {}, {}};
  for (int i = 0; i < 9 * 7; ++i) flat.pixels.insert(flat.pixels.end(), {200, 100, 50});
  for (const int depth : {8, 10, 12}) {
    for (const auto format : {AVIF_PIXEL_FORMAT_YUV422, AVIF_PIXEL_FORMAT_YUV420}) {
      const Image got = decode(avif_of(flat, {.depth = depth, .format = format}));
      EXPECT_EQ(got.mode, PixelMode::kRgb);
      EXPECT_LE(max_difference(got.pixels, flat.pixels), 2) << depth;  // YCbCr and back
    }
  }
  const Image grey = decode(avif_of(flat, {.format = AVIF_PIXEL_FORMAT_YUV400}));
  EXPECT_EQ(grey.mode, PixelMode::kRgb);  // as Pillow
  EXPECT_EQ(grey.pixels[0], grey.pixels[2]);
}

/// The picture turned anticlockwise by a quarter.
Image turned(const Image& image) {
  Image result{image.width, image.height, image.mode, image.pixels, {}, {}};
  for (int64_t y = 0; y < result.height; ++y)
    for (int64_t x = 0; x < result.width; ++x)
      std::copy_n(image.pixels.data() + 3 * (x * image.width + image.width - 1 - y), 3,
                  result.pixels.data() + 3 * (y * result.width + x));
  return result;
}

TEST(AvifTest, StandsUprightByRotationAndThenMirror) {
  const Image image = random_image(3, 5, PixelMode::kRgb, 9);
  Image expected = image;
  for (int quarters = 0; quarters < 4; ++quarters, expected = turned(expected)) {
    const Image plain = decode(avif_of(image, {.rotation = quarters}));
    EXPECT_EQ(plain.height, expected.height);
    EXPECT_EQ(plain.pixels, expected.pixels) << quarters;
    const auto mirrored = [&](int mode) {
      return decode(avif_of(image, {.rotation = quarters, .mirror = mode})).pixels;
    };
    EXPECT_EQ(mirrored(0), apply_orientation(expected, 4).pixels) << quarters;
    EXPECT_EQ(mirrored(1), apply_orientation(expected, 2).pixels) << quarters;
  }
  const DecodeOptions stored{.limits = {}, .apply_orientation = false};
  EXPECT_EQ(decode(avif_of(image, {.rotation = 1}), stored).pixels, image.pixels);
}

TEST(AvifTest, ExifDoesNotTurnIt) {
  const std::string tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26);
  const Image image = random_image(3, 5, PixelMode::kRgb, 9);
  EXPECT_EQ(decode(avif_of(image, {.exif = tiff})).height, 3);
}

TEST(AvifTest, TheCleanApertureIsNotApplied) {
  const Image image = random_image(3, 5, PixelMode::kRgb, 9);
  const std::string bytes = avif_of(image, {.clean_aperture = true});
  ASSERT_NE(bytes.find("clap"), std::string::npos);
  EXPECT_EQ(decode(bytes).pixels, image.pixels);
}

/// libavif takes its AV1 decoder with its habit of writing to stderr.
TEST(AvifTest, DamageIsToldByErrorsAlone) {
  const std::string bytes = avif_of(random_image(33, 47, PixelMode::kRgb, 1));
  std::string noise = bytes;
  for (size_t i = noise.find("mdat") + 4; i < noise.size(); i += 3) noise[i] = '\xFF';
  ::testing::internal::CaptureStderr();
  EXPECT_NE(error_of(noise, {}), "");
  decode_flips(bytes, 300);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(AvifTest, ASequenceGivesItsFirstFrame) {
  const Image first = random_image(16, 24, PixelMode::kRgb, 1);
  const std::string bytes =
      avif_of(first, {.later_frames = {random_image(16, 24, PixelMode::kRgb, 2)}});
  EXPECT_EQ(bytes.substr(8, 4), "avis");
  EXPECT_EQ(decode(bytes).pixels, first.pixels);
}

TEST(AvifTest, LimitsComeBeforeThePixels) {
  const std::string bytes = avif_of(random_image(30, 40, PixelMode::kRgb, 1));
  std::string noise = bytes;  // what is refused is refused from the boxes alone
  std::fill(noise.begin() + static_cast<ptrdiff_t>(noise.find("mdat")) + 4, noise.end(), '\xFF');
  EXPECT_NE(error_of(noise, {}), "");
  for (const std::string& file : {bytes, noise}) {
    EXPECT_NE(error_of(file, {.limits = {.max_side = 39}}).find("at most 39 pixels, got 40 x 30"),
              std::string::npos);
    EXPECT_NE(error_of(file, {.limits = {.max_pixels = 1199}}).find("got 40 x 30"),
              std::string::npos);
  }
  EXPECT_EQ(error_of(bytes, {.limits = {.max_side = 40, .max_pixels = 1200}}), "");
}

TEST(AvifTest, IsKnownByItsBrands) {
  const std::string bytes = avif_of(random_image(30, 40, PixelMode::kRgb, 1));
  const ImageInfo info = probe_image(std::as_bytes(std::span(bytes)), "test");
  EXPECT_EQ(info.format, ImageFormat::kAvif);
  EXPECT_EQ(info.width, 40);
  EXPECT_EQ(info.height, 30);
  std::string other = bytes;  // the major brand of any HEIF image, AVIF among the compatible ones
  other.replace(8, 4, "mif1");
  EXPECT_EQ(image_format(std::as_bytes(std::span(other))), ImageFormat::kAvif);
  const std::string heic(
      "\0\0\0\x18"
      "ftypheic\0\0\0\0mif1heic",
      24);
  EXPECT_FALSE(image_format(std::as_bytes(std::span(heic))).has_value());
  const std::string clip(
      "\0\0\0\x18"
      "ftypisom\0\0\x02\0isommp41",
      24);
  EXPECT_FALSE(image_format(std::as_bytes(std::span(clip))).has_value());
}

TEST(AvifTest, CutsAndFlippedBytesAreErrorsOrPictures) {
  const std::string bytes = avif_of(random_image(8, 8, PixelMode::kRgba, 1));
  ASSERT_TRUE(decodes(bytes));
  EXPECT_EQ(decode_prefixes(bytes.substr(0, bytes.size() - 1)), 0);
  decode_flips(bytes, 1000);
}

}  // namespace
}  // namespace flamingo::media
