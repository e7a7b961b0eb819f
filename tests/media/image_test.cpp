#include "flamingo/media/image.h"

#include <map>

#include "flamingo/io/safetensors.h"
#include "flamingo/media/convert.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

bool is_lossy(const std::string& name) {
  return name.ends_with(".jpg") || name.starts_with("lossy_");
}

std::vector<uint8_t> expected_pixels(const io::TensorView& view) {
  const auto* data = reinterpret_cast<const uint8_t*>(view.data.data());
  return {data, data + view.data.size()};
}

TEST(ImageTest, OddFilesDecodeToPillowsPixels) {
  const auto expected =
      io::Safetensors::open(std::string(FLAMINGO_GOLDEN_DIR) + "/codecs/pixels.safetensors");
  ASSERT_GE(expected.tensors().size(), 30u);
  for (const io::TensorView& view : expected.tensors()) {
    const std::string file = view.name.substr(0, view.name.rfind('.'));
    const Image image = load_image(codec_file(file));
    const Image got =
        view.name.ends_with(".white") ? composite_over_white(image) : convert_to_rgb(image);
    ASSERT_EQ((std::vector<int64_t>{got.height, got.width, 3}), view.shape) << view.name;
    EXPECT_LE(max_difference(got.pixels, expected_pixels(view)), is_lossy(file) ? 2 : 0)
        << view.name;
  }
}

TEST(ImageTest, FixturesDecodeToPillowsPixels) {
  const auto expected = io::Safetensors::open(std::string(FLAMINGO_GOLDEN_DIR) +
                                              "/preprocessing/decoded.safetensors");
  DecodeOptions options;
  options.apply_orientation = false;
  for (const io::TensorView& view : expected.tensors()) {
    const std::string file = view.name.substr(0, view.name.rfind('.'));
    const Image got = convert_to_rgb(load_image(golden_picture(file), options));
    ASSERT_EQ((std::vector<int64_t>{got.height, got.width, 3}), view.shape) << view.name;
    EXPECT_LE(max_difference(got.pixels, expected_pixels(view)), file.ends_with(".png") ? 0 : 2)
        << view.name;
  }
}

TEST(ImageTest, KeepsTheFilesMode) {
  const std::map<std::string, PixelMode> modes = {
      {"rgb.png", PixelMode::kRgb},         {"grey.png", PixelMode::kGrey},
      {"bilevel.png", PixelMode::kBilevel}, {"palette_alpha.png", PixelMode::kPalette},
      {"rgba.png", PixelMode::kRgba},       {"cmyk.jpg", PixelMode::kCmyk},
      {"lossy.webp", PixelMode::kRgb},      {"tall.jpg", PixelMode::kRgb},
  };
  for (const auto& [name, mode] : modes) EXPECT_EQ(load_image(golden_picture(name)).mode, mode);
}

TEST(ImageTest, AppliesExifOrientationUnlessToldNotTo) {
  DecodeOptions raw;
  raw.apply_orientation = false;
  const Image stored = load_image(golden_picture("exif6.jpg"), raw);
  const Image upright = load_image(golden_picture("exif6.jpg"));
  EXPECT_EQ(stored.width, 80);
  EXPECT_EQ(upright.width, 45);
  // Orientation 6: the stored left bottom corner becomes the left top one.
  const uint8_t* corner = stored.pixels.data() + 3 * (stored.height - 1) * stored.width;
  EXPECT_TRUE(std::equal(corner, corner + 3, upright.pixels.begin()));
}

TEST(ImageTest, TheNameOfAFileDoesNotMatter) {
  const std::string path = testing::TempDir() + "really_a_png.jpg";
  write_file_atomic(path, bytes_of(golden_picture("rgb.png")));
  EXPECT_EQ(load_image(path).width, 75);
  std::filesystem::remove(path);
}

TEST(ImageTest, RefusesOtherFormats) {
  for (const std::string& text :
       {std::string(), std::string("\xFF"), std::string("\xFF\xD8\xFF"),
        std::string("<html><body>"), std::string("<svg xmlns='http://www.w3.org/2000/svg'/>"),
        std::string(4096, '\0'), std::string("II*\0\x08\0\0\0\0\0\0\0\0\0\0\0", 16),
        std::string("BM\x46\0\0\0\0\0\0\0\0\0\0\0", 14),
        std::string("RIFF\x24\0\0\0WAVEfmt ", 16)}) {
    EXPECT_THROW(decode(text), Error) << text.substr(0, 8);
  }
}

TEST(ImageTest, ErrorsNameTheFileAndTheReason) {
  const std::string path = testing::TempDir() + "broken.png";
  write_file_atomic(path, bytes_of(golden_picture("rgb.png")).substr(0, 5000));
  try {
    load_image(path);
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("broken.png"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("truncated"), std::string::npos);
  }
  std::filesystem::remove(path);
}

TEST(ImageTest, RefusesMissingPathsAndFolders) {
  EXPECT_THROW(load_image("/nonexistent/picture.png"), Error);
  EXPECT_THROW(load_image(testing::TempDir()), Error);
  EXPECT_THROW(load_image("/dev/zero"), Error);
}

TEST(ImageTest, AppliesLimits) {
  DecodeOptions options;
  options.limits.max_bytes = 100;
  EXPECT_THROW(load_image(golden_picture("rgb.png"), options), Error);
  options = {};
  options.limits.max_side = 74;
  EXPECT_THROW(load_image(golden_picture("rgb.png"), options), Error);
  options = {};
  options.limits.max_pixels = 75 * 50 - 1;
  EXPECT_THROW(load_image(golden_picture("rgb.png"), options), Error);
  options.limits.max_pixels = 75 * 50;
  EXPECT_EQ(load_image(golden_picture("rgb.png"), options).height, 50);
}

}  // namespace
}  // namespace flamingo::media
