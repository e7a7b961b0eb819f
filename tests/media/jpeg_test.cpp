#include <cstdio>

#include <jpeglib.h>

#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

/// A JPEG of a constant colour given in the Adobe convention (complements).
std::string cmyk_jpeg(J_COLOR_SPACE stored, const std::vector<uint8_t>& colour,
                      bool marked = true) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = 16;
  info.image_height = 16;
  info.input_components = 4;
  info.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, stored);
  info.write_Adobe_marker = marked ? TRUE : FALSE;
  jpeg_set_quality(&info, 100, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row;
  for (int x = 0; x < 16; ++x) row.insert(row.end(), colour.begin(), colour.end());
  JSAMPROW rows[] = {row.data()};
  while (info.next_scanline < 16) jpeg_write_scanlines(&info, rows, 1);
  jpeg_finish_compress(&info);
  std::string bytes(reinterpret_cast<const char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return bytes;
}

TEST(JpegTest, UndoesAdobesComplement) {
  for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
    const Image image = decode(cmyk_jpeg(stored, {255 - 10, 255 - 60, 255 - 200, 255 - 30}));
    ASSERT_EQ(image.mode, PixelMode::kCmyk);
    const std::vector<uint8_t> expected = {10, 60, 200, 30};
    for (int c = 0; c < 4; ++c) EXPECT_NEAR(image.pixels[c], expected[c], 2);
  }
}

/// As Pillow: what lacks the marker is taken for Adobe's all the same.
TEST(JpegTest, CmykWithoutAMarkerIsAdobes) {
  const std::vector<uint8_t> colour = {200, 10, 90, 250};
  const std::string unmarked = cmyk_jpeg(JCS_CMYK, colour, false);
  ASSERT_EQ(unmarked.find("Adobe"), std::string::npos);
  EXPECT_EQ(decode(unmarked).pixels, decode(cmyk_jpeg(JCS_CMYK, colour)).pixels);
}

/// The choices that docs/data.md lists.
TEST(JpegTest, RefusesABadCodeAndAMissingEnd) {
  for (const char* name : {"chroma420.jpg", "grey.jpg", "progressive.jpg"}) {
    const std::string jpeg = bytes_of(codec_file(name));
    EXPECT_FALSE(decodes(jpeg.substr(0, jpeg.rfind("\xFF\xD9")))) << name;
  }
  std::string jpeg = bytes_of(golden_picture("photo.jpg"));
  std::string ones;
  for (int i = 0; i < 16; ++i) ones += std::string("\xFF\0", 2);  // no code is of ones alone
  jpeg.replace(jpeg.size() - 60, ones.size(), ones);
  try {
    decode(jpeg);
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("Huffman"), std::string::npos) << error.what();
  }
}

/// `data` as an application segment, behind the picture's first marker.
std::string with_segment(std::string jpeg, char number, const std::string& data) {
  const size_t size = data.size() + 2;
  const std::string head = {'\xFF', static_cast<char>('\xE0' + number),
                            static_cast<char>(size >> 8), static_cast<char>(size & 255)};
  return jpeg.insert(2, head + data);
}

TEST(JpegTest, XmpAndColourProfilesChangeNothing) {
  const std::string jpeg = bytes_of(codec_file("chroma420.jpg"));
  const std::string xmp =
      std::string("http://ns.adobe.com/xap/1.0/\0", 29) + "<x:xmpmeta tiff:Orientation=\"6\"/>";
  const std::string profile = std::string("ICC_PROFILE\0\x01\x01", 14) + "profile";
  for (const std::string& file : {with_segment(jpeg, 1, xmp), with_segment(jpeg, 2, profile)}) {
    EXPECT_EQ(decode(file).width, decode(jpeg).width);
    EXPECT_EQ(decode(file).pixels, decode(jpeg).pixels);
  }
}

/// The first scan of a progressive file again and again.
std::string with_repeated_scan(const std::string& jpeg, int times) {
  const size_t start = jpeg.find("\xFF\xDA");
  size_t end = start + 2;
  while (!(jpeg[end] == '\xFF' && jpeg[end + 1] != '\0')) ++end;
  std::string result = jpeg.substr(0, end);
  for (int i = 0; i < times; ++i) result += jpeg.substr(start, end - start);
  return result + jpeg.substr(end);
}

TEST(JpegTest, CapsTheNumberOfScans) {
  const std::string jpeg = bytes_of(codec_file("progressive.jpg"));
  EXPECT_TRUE(decodes(with_repeated_scan(jpeg, 20)));
  try {
    decode(with_repeated_scan(jpeg, 200));
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("scans"), std::string::npos) << error.what();
  }
}

TEST(JpegTest, RefusesABombFromItsHeader) {
  std::string jpeg = bytes_of(codec_file("chroma420.jpg"));
  const size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  for (int i = 0; i < 4; ++i) jpeg[frame + 5 + i] = '\xFE';
  EXPECT_THROW(decode(jpeg), Error);
}

TEST(JpegTest, NeverFillsTheRestWithGrey) {
  for (const std::string& path : fixture_pictures(".jpg")) {
    const std::string jpeg = bytes_of(path);
    const size_t data = jpeg.rfind("\xFF\xDA");
    for (const double part : {0.1, 0.5, 0.9}) {
      const auto cut = data + static_cast<size_t>(part * static_cast<double>(jpeg.size() - data));
      EXPECT_FALSE(decodes(jpeg.substr(0, cut))) << path << " cut at " << cut;
      EXPECT_FALSE(decodes(jpeg.substr(0, cut) + "\xFF\xD9")) << path << " closed at " << cut;
    }
  }
}

TEST(JpegTest, SurvivesPrefixes) {
  for (const std::string& path : fixture_pictures(".jpg")) {
    // Only the end marker may be missing.
    EXPECT_LE(decode_prefixes(bytes_of(path)), 4) << path;
  }
}

TEST(JpegTest, SurvivesFlippedBytes) {
  for (const std::string& path : fixture_pictures(".jpg")) {
    const std::string jpeg = bytes_of(path);
    decode_flips(jpeg, jpeg.size() < 10'000 ? 2000 : 300);
  }
}

}  // namespace
}  // namespace flamingo::media
