#include "flamingo/media/convert.h"
#include "tests/media/media_testing.h"

namespace flamingo {
namespace {

TEST(GifTest, AGreyRampIsAGreyPicture) {
  EXPECT_EQ(decode(bytes_of(codec_file("grey.gif"))).mode, PixelMode::kGrey);
  EXPECT_EQ(decode(bytes_of(codec_file("plain.gif"))).mode, PixelMode::kPalette);
}

TEST(GifTest, TheFrameLiesOnItsTransparentCanvas) {
  const Image image = decode(bytes_of(codec_file("offset.gif")));
  ASSERT_EQ(image.height, 8);
  ASSERT_EQ(image.width, 12);
  const Image rgba = convert_to_rgba(image);
  EXPECT_EQ(rgba.pixels[3], 0) << "outside of the frame";
}

TEST(GifTest, RefusesABombFromItsHeader) {
  std::string gif = bytes_of(codec_file("plain.gif"));
  for (int i = 0; i < 4; ++i) gif[6 + i] = '\xFF';
  EXPECT_THROW(decode(gif), Error);
}

TEST(GifTest, RefusesAHugeFrameOnASmallCanvas) {
  std::string gif = bytes_of(codec_file("plain.gif"));
  const size_t frame = gif.find('\x2C');
  for (int i = 1; i <= 8; ++i) gif[frame + i] = '\xFF';
  EXPECT_THROW(decode(gif), Error);
}

TEST(GifTest, RefusesAFileWithoutAnImage) {
  EXPECT_THROW(decode(std::string("GIF89a\x01\0\x01\0\0\0\0;", 14)), Error);
  EXPECT_THROW(decode(std::string("GIF89a\x01\0\x01\0\0\0\0", 13)), Error);
}

TEST(GifTest, OnlyTheFirstFrameIsRead) {
  const std::string gif = bytes_of(codec_file("animated.gif"));
  const Image whole = decode(gif);
  EXPECT_EQ(decode(gif.substr(0, gif.size() - 20)).pixels, whole.pixels);
}

TEST(GifTest, CutPixelsAreAnError) {
  for (const std::string& path : fixture_pictures(".gif")) {
    const std::string gif = bytes_of(path);
    EXPECT_FALSE(decodes(gif.substr(0, gif.size() / 3))) << path;
    decode_prefixes(gif);
  }
}

TEST(GifTest, SurvivesFlippedBytes) {
  for (const std::string& path : fixture_pictures(".gif")) decode_flips(bytes_of(path), 2000);
}

}  // namespace
}  // namespace flamingo
