#include <zlib.h>

#include "flamingo/media/convert.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

std::string chunk(const std::string& kind, const std::string& data) {
  const std::string body = kind + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
  return big_endian(static_cast<uint32_t>(data.size())) + body +
         big_endian(static_cast<uint32_t>(crc));
}

std::string deflated(const std::string& data) {
  std::string packed(compressBound(data.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(data.data()), data.size());
  return packed.substr(0, size);
}

/// An 8-bit grey picture of zeros, with `extra` chunks before the pixels.
std::string png_of(uint32_t width, uint32_t height, const std::string& rows,
                   const std::string& extra = "") {
  return "\x89PNG\r\n\x1A\n" +
         chunk("IHDR", big_endian(width) + big_endian(height) + std::string("\x08\0\0\0\0", 5)) +
         extra + chunk("IDAT", deflated(rows)) + chunk("IEND", "");
}

TEST(PngTest, RefusesABombFromItsHeader) {
  for (const auto& [width, height] :
       {std::pair(50'000u, 50'000u), std::pair(16'385u, 1u), std::pair(1u, 16'385u),
        std::pair(9'000u, 9'000u), std::pair(0u, 5u), std::pair(0xFFFFFFFFu, 0xFFFFFFFFu)}) {
    EXPECT_THROW(decode(png_of(width, height, "")), Error) << width << " x " << height;
  }
}

TEST(PngTest, KeepsTheHighByteOf16BitGrey) {
  const Image image = decode(bytes_of(codec_file("grey16.png")));
  EXPECT_EQ(image.mode, PixelMode::kGrey);
  EXPECT_EQ(image.height, 7);
  EXPECT_EQ(image.width, 11);
}

TEST(PngTest, SkipsAncillaryChunks) {
  std::string extra;
  for (int i = 0; i < 3000; ++i) extra += chunk("tEXt", std::string("Comment\0x", 9));
  extra += chunk("zTXt", std::string("Bomb\0\0", 6) + deflated(std::string(4 << 20, 'a')));
  extra += chunk("iCCP", std::string("Bomb\0\0", 6) + deflated(std::string(4 << 20, 'a')));
  const Image image = decode(png_of(2, 2, std::string(6, '\0'), extra));
  EXPECT_EQ(image.pixels, std::vector<uint8_t>(4, 0));
}

TEST(PngTest, ReadsOrientationFromItsExifChunk) {
  const std::string tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26);
  const Image image = decode(png_of(3, 1, std::string(4, '\0'), chunk("eXIf", tiff)));
  EXPECT_EQ(image.height, 3);
  EXPECT_EQ(image.width, 1);
}

TEST(PngTest, MissingPixelsAreAnError) {
  EXPECT_THROW(decode(png_of(2, 2, std::string(3, '\0'))), Error);
  EXPECT_THROW(decode(png_of(2, 2, "")), Error);
}

TEST(PngTest, PaletteIndicesOutOfRangeAreBlack) {
  const std::string head = big_endian(2) + big_endian(1) + std::string("\x08\x03\0\0\0", 5);
  const std::string png = "\x89PNG\r\n\x1A\n" + chunk("IHDR", head) +
                          chunk("PLTE", "\x0A\x0B\x0C") +
                          chunk("IDAT", deflated(std::string("\0\0\xC8", 3))) + chunk("IEND", "");
  EXPECT_EQ(convert_to_rgb(decode(png)).pixels, (std::vector<uint8_t>{10, 11, 12, 0, 0, 0}));
}

std::string big_endian16(uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 255)};
}

/// A row of samples with a colour key (or none), all of `depth` bits packed into bytes.
std::string keyed_png(uint32_t width, int depth, int colour_type, const std::string& key,
                      const std::string& samples) {
  const std::string head = big_endian(width) + big_endian(1) + static_cast<char>(depth) +
                           static_cast<char>(colour_type) + std::string(3, '\0');
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", head) + (key.empty() ? "" : chunk("tRNS", key)) +
         chunk("IDAT", deflated('\0' + samples)) + chunk("IEND", "");
}

using Samples = std::vector<uint8_t>;

/// Only what equals the key in all 16 bits is see-through (PNG, 11.3.1.1).
TEST(PngTest, AKeyOf16BitGreyHasAllItsBits) {
  std::string samples;
  for (const uint16_t value : {0x1000, 0x1080, 0x10FF, 0x2000}) samples += big_endian16(value);
  const Image image = decode(keyed_png(4, 16, 0, big_endian16(0x1000), samples));
  EXPECT_EQ(image.mode, PixelMode::kGrey);
  EXPECT_EQ(image.pixels, (Samples{16, 16, 16, 32}));
  EXPECT_EQ(image.mask, (Samples{0, 255, 255, 255}));
  const Image white = composite_over_white(image);
  EXPECT_EQ(white.pixels, (Samples{255, 255, 255, 16, 16, 16, 16, 16, 16, 32, 32, 32}));
}

TEST(PngTest, AKeyOf16BitRgbHasAllItsBits) {
  std::string samples, key;
  for (const uint16_t value : {0x0000, 0xFFFF, 0x8000}) key += big_endian16(value);
  samples += key;
  for (const uint16_t value : {0x0000, 0xFFFF, 0x8001}) samples += big_endian16(value);
  const Image image = decode(keyed_png(2, 16, 2, key, samples));
  EXPECT_EQ(image.mode, PixelMode::kRgb);
  EXPECT_EQ(image.pixels, (Samples{0, 255, 128, 0, 255, 128}));
  EXPECT_EQ(image.mask, (Samples{0, 255}));
  EXPECT_EQ(composite_over_white(image).pixels, (Samples{255, 255, 255, 0, 255, 128}));
}

TEST(PngTest, KeysOfFewerBits) {
  const std::string rgb_key("\0\x01\0\x02\0\x03", 6);
  const Image rgb = decode(keyed_png(2, 8, 2, rgb_key, "\x01\x02\x03\x01\x02\x04"));
  EXPECT_EQ(rgb.mask, (Samples{0, 255}));
  EXPECT_EQ(convert_to_rgba(rgb).pixels, (Samples{1, 2, 3, 0, 1, 2, 4, 255}));
  EXPECT_EQ(convert_to_rgb(rgb).pixels, (Samples{1, 2, 3, 1, 2, 4}));
  const Image two_bits = decode(keyed_png(4, 2, 0, big_endian16(2), "\x1B"));  // 0 1 2 3
  EXPECT_EQ(two_bits.pixels, (Samples{0, 85, 170, 255}));
  EXPECT_EQ(two_bits.mask, (Samples{255, 255, 0, 255}));
  const Image bilevel = decode(keyed_png(4, 1, 0, big_endian16(0), "\x50"));  // 0 1 0 1
  EXPECT_EQ(bilevel.mode, PixelMode::kBilevel);
  EXPECT_EQ(bilevel.mask, (Samples{0, 255, 0, 255}));
}

TEST(PngTest, TheMaskTurnsWithThePicture) {
  const std::string tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0", 26);
  std::string png = keyed_png(3, 8, 0, big_endian16(1), "\x01\x02\x03");
  png.insert(png.find("IDAT") - 4, chunk("eXIf", tiff));
  const Image image = decode(png);  // upside down
  EXPECT_EQ(image.pixels, (Samples{3, 2, 1}));
  EXPECT_EQ(image.mask, (Samples{255, 255, 0}));
}

/// The choices that docs/data.md lists.
TEST(PngTest, RefusesAWrongChecksumAndAMissingEnd) {
  const std::string png = png_of(2, 2, std::string(6, '\0'));
  ASSERT_TRUE(decodes(png));
  EXPECT_FALSE(decodes(png.substr(0, png.find("IEND") - 4)));
  std::string wrong = png;
  wrong[png.find("IEND") - 5] ^= 1;  // the last byte of IDAT's CRC
  EXPECT_FALSE(decodes(wrong));
}

TEST(PngTest, SixteenBitGreyIsScaled) {
  std::string samples;
  for (const uint16_t value : {0x0000, 0x00FF, 0x0100, 0x8000, 0xFFFF})
    samples += big_endian16(value);
  EXPECT_EQ(decode(keyed_png(5, 16, 0, "", samples)).pixels, (Samples{0, 0, 1, 128, 255}));
}

TEST(PngTest, ColourProfilesChangeNothing) {
  const std::string rows("\0\x64", 2);
  const std::string profiles = chunk("gAMA", big_endian(220'000)) +
                               chunk("cICP", std::string("\x09\x10\0\x01", 4)) +
                               chunk("iCCP", std::string("P3\0\0", 4) + deflated("profile"));
  EXPECT_EQ(decode(png_of(1, 1, rows, profiles)).pixels, (Samples{100}));
}

/// Pillow turns by XMP and by ImageMagick's raw profiles, browsers do not.
TEST(PngTest, OnlyEXifTurnsIt) {
  const std::string xmp = chunk("iTXt", std::string("XML:com.adobe.xmp\0\0\0\0\0", 22) +
                                            "<x:xmpmeta tiff:Orientation=\"6\"/>");
  const std::string profile =
      chunk("tEXt", std::string("Raw profile type exif\0", 22) +
                        "\nexif\n      26\n49492a0008000000010012010300010000000600000000000000\n");
  for (const std::string& extra : {xmp, profile})
    EXPECT_EQ(decode(png_of(3, 1, std::string(4, '\0'), extra)).width, 3);
}

TEST(PngTest, EveryPrefixIsAnError) {
  for (const std::string& path : fixture_pictures(".png")) {
    EXPECT_EQ(decode_prefixes(bytes_of(path)), 0) << path;
  }
}

TEST(PngTest, SurvivesFlippedBytes) {
  for (const std::string& path : fixture_pictures(".png")) decode_flips(bytes_of(path), 2000);
}

}  // namespace
}  // namespace flamingo::media
