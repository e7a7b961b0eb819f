#include "flamingo/media/convert.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {
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

/// Two pixels of a red and green palette, whose codes have code_size + 1 bits and never grow.
std::string gif_of(int code_size) {
  const int clear = 1 << code_size;
  uint64_t bits = 0;
  int count = 0;
  for (const int code : {clear, 0, clear, 1, clear + 1}) {
    bits |= static_cast<uint64_t>(code) << count;
    count += code_size + 1;
  }
  std::string data;
  for (; count > 0; count -= 8, bits >>= 8) data += static_cast<char>(bits & 255);
  return std::string("GIF89a\x02\0\x01\0\x80\0\0\xFF\0\0\0\xFF\0", 19) +
         std::string(",\0\0\0\0\x02\0\x01\0\0", 10) + static_cast<char>(code_size) +
         static_cast<char>(data.size()) + data + std::string("\0;", 2);
}

/// Pillow and FFmpeg read up to 11; the format has 8 at most.
TEST(GifTest, RefusesCodesOfMoreThanEightBits) {
  for (const int code_size : {2, 8})
    EXPECT_EQ(decode(gif_of(code_size)).pixels, (std::vector<uint8_t>{0, 1}));
  for (const int code_size : {9, 11}) EXPECT_FALSE(decodes(gif_of(code_size))) << code_size;
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
}  // namespace flamingo::media
