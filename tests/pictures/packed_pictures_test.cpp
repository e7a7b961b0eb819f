#include "flamingo/pictures/packed_pictures.h"

#include <gtest/gtest.h>

#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::pictures {
namespace {

TEST(PackedPictures, OpaqueOnesComeBackWithoutAlpha) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("two.safetensors");
  std::vector<uint8_t> pixels(2 * 2 * 2 * 4, 255);
  for (size_t i = 0; i < 16; ++i) pixels[i] = i % 4 == 3 ? 255 : static_cast<uint8_t>(i);
  pixels.back() = 0;
  write_packed(path, {{{.key = "a", .name = "a"}}, {{.class_index = 0}, {.class_index = 0}}}, 2,
               pixels);
  const LabelledPictures set = open_packed(path);
  EXPECT_EQ(set.image(0).mode, media::PixelMode::kRgb);
  EXPECT_EQ(set.image(0).pixels, (std::vector<uint8_t>{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14}));
  EXPECT_EQ(set.image(1).mode, media::PixelMode::kRgba);
  EXPECT_EQ(set.image(1).pixels.size(), 16u);
}

TEST(PackedPictures, TheHashIsThatOfThePixels) {
  const testing::TemporaryFolder folder;
  const PictureTable table{{{.key = "a", .name = "a"}}, {{.class_index = 0}}};
  const std::vector<uint8_t> black(4, 0), white(4, 255);
  write_packed(folder.file("a"), table, 1, black);
  write_packed(folder.file("b"), table, 1, white);
  EXPECT_EQ(open_packed(folder.file("a")).hash(), open_packed(folder.file("a")).hash());
  EXPECT_NE(open_packed(folder.file("a")).hash(), open_packed(folder.file("b")).hash());
}

}  // namespace
}  // namespace flamingo::pictures
