#include "flamingo/media/orientation.h"

#include "tests/media/media_testing.h"
#include "tests/support/seed.h"

namespace flamingo::media {
namespace {

std::string tiff_of(int orientation, bool little) {
  const char value = static_cast<char>(orientation);
  if (little) {
    return std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + value +
           std::string(7, '\0');
  }
  return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + value +
         std::string(6, '\0');
}

TEST(OrientationTest, ReadsBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(tiff_of(orientation, true)), orientation);
    EXPECT_EQ(exif_orientation(tiff_of(orientation, false)), orientation);
  }
}

TEST(OrientationTest, AnythingElseIsUpright) {
  EXPECT_EQ(exif_orientation(""), 1);
  EXPECT_EQ(exif_orientation("II"), 1);
  EXPECT_EQ(exif_orientation("not a TIFF block at all"), 1);
  EXPECT_EQ(exif_orientation(tiff_of(0, true)), 1);
  EXPECT_EQ(exif_orientation(tiff_of(9, true)), 1);
  std::string byte = tiff_of(6, true);
  byte[12] = 1;  // BYTE instead of SHORT
  EXPECT_EQ(exif_orientation(byte), 1);
}

TEST(OrientationTest, SurvivesDamagedBlocks) {
  const std::string block = tiff_of(6, true);
  for (size_t n = 0; n < block.size(); ++n) {
    const int value = exif_orientation(block.substr(0, n));
    EXPECT_TRUE(value >= 1 && value <= 8);
  }
  Rng rng(testing::seeded(5));
  for (int i = 0; i < 5000; ++i) {
    std::string copy = block;
    copy[rng.below(copy.size())] = static_cast<char>(rng.below(256));
    const int value = exif_orientation(copy);
    EXPECT_TRUE(value >= 1 && value <= 8);
  }
}

TEST(OrientationTest, TurnsAndMirrors) {
  // 1 2 3
  // 4 5 6
  const Image image{2, 3, PixelMode::kGrey, {1, 2, 3, 4, 5, 6}, {}, {}};
  const std::vector<std::vector<uint8_t>> expected = {
      {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
      {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image turned = apply_orientation(image, orientation);
    EXPECT_EQ(turned.pixels, expected[orientation - 1]) << orientation;
    EXPECT_EQ(turned.height, orientation >= 5 ? 3 : 2);
    EXPECT_EQ(turned.width, orientation >= 5 ? 2 : 3);
  }
}

TEST(OrientationTest, MovesWholePixels) {
  const Image image{1, 2, PixelMode::kRgb, {1, 2, 3, 4, 5, 6}, {}, {}};
  EXPECT_EQ(apply_orientation(image, 2).pixels, (std::vector<uint8_t>{4, 5, 6, 1, 2, 3}));
}

TEST(OrientationTest, RefusesOtherValues) {
  const Image image{1, 1, PixelMode::kGrey, {1}, {}, {}};
  EXPECT_THROW(apply_orientation(image, 0), Error);
  EXPECT_THROW(apply_orientation(image, 9), Error);
}

}  // namespace
}  // namespace flamingo::media
