#include "flamingo/media/probe.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "tests/media/media_testing.h"
#include "tests/support/seed.h"

namespace flamingo::media {
namespace {

ImageInfo probe(const std::string& bytes) {
  return probe_image(std::as_bytes(std::span(bytes)), "test");
}

std::vector<std::string> all_pictures() {
  std::vector<std::string> paths;
  for (const char* extension : {".jpg", ".png", ".webp", ".gif"}) {
    for (const std::string& path : fixture_pictures(extension)) paths.push_back(path);
  }
  return paths;
}

/// `count` numbers of one byte each as a string.
std::string raw(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

TEST(Probe, AgreesWithTheDecoders) {
  int seen = 0;
  for (const std::string& path : all_pictures()) {
    const std::string bytes = bytes_of(path);
    Image image;
    try {
      image = decode(bytes, {.apply_orientation = false});
    } catch (const Error&) {
      continue;
    }
    const ImageInfo info = probe(bytes);
    EXPECT_EQ(info.width, image.width) << path;
    EXPECT_EQ(info.height, image.height) << path;
    ++seen;
  }
  EXPECT_GE(seen, 20);
}

TEST(Probe, NamesTheFormat) {
  for (const auto& [name, format] :
       {std::pair{"photo.jpg", "jpg"}, {"rgb.png", "png"}, {"lossy.webp", "webp"}}) {
    EXPECT_EQ(enum_name(probe(bytes_of(golden_picture(name))).format), format);
  }
  EXPECT_EQ(probe("GIF89a" + raw({3, 1, 2, 0})).format, ImageFormat::kGif);
}

TEST(Probe, NeedsThirtyBytesOfAllButJpeg) {
  for (const std::string& path : all_pictures()) {
    const std::string bytes = bytes_of(path);
    if (path.ends_with(".jpg") || bytes.size() < 30) continue;
    EXPECT_EQ(probe(bytes.substr(0, 30)).width, probe(bytes).width) << path;
  }
}

TEST(Probe, KnownHeaders) {
  EXPECT_EQ(probe("GIF89a" + raw({3, 1, 2, 0})).width, 259);
  const std::string lossless = "RIFF" + raw({0, 0, 0, 0}) + "WEBPVP8L" + raw({0, 0, 0, 0, 0x2f});
  const ImageInfo info = probe(lossless + raw({0x09, 0xc0, 0x04, 0x00}));  // 10 x 20
  EXPECT_EQ(info.width, 10);
  EXPECT_EQ(info.height, 20);
}

// Fill bytes before a marker, an APP segment and a DHT, whose marker lies among those of frames.
TEST(Probe, JpegSegmentsAreSkipped) {
  const std::string head =
      raw({0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xc0, 0xff, 0xff, 0xc4, 0, 3, 9});
  const std::string frame = raw({0xff, 0xc2, 0, 17, 8, 1, 0, 2, 1});
  const ImageInfo info = probe(head + frame);
  EXPECT_EQ(info.width, 513);
  EXPECT_EQ(info.height, 256);
  EXPECT_THROW(probe(head), Error);
  EXPECT_THROW(probe(head + raw({0xff, 0xda, 0, 2}) + frame), Error);
  EXPECT_THROW(probe(raw({0xff, 0xd8, 0xff, 0xe0, 0, 1}) + frame), Error);
}

TEST(Probe, RefusesOtherFiles) {
  EXPECT_THROW(probe(""), Error);
  EXPECT_THROW(probe("RIFF"), Error);
  EXPECT_THROW(probe("RIFF1234WAVEfmt "), Error);
  EXPECT_THROW(probe("<svg xmlns='http://www.w3.org/2000/svg'/>"), Error);
  EXPECT_THROW(probe("GIF89a" + raw({0, 0, 2, 0})), Error);  // no pixels
}

TEST(Probe, DamagedFilesGiveErrorsOrExtents) {
  Rng rng(testing::seeded(1));
  for (const std::string& path : all_pictures()) {
    const std::string file = bytes_of(path).substr(0, 2'000);
    for (int i = 0; i < 300; ++i) {
      std::string bytes = file.substr(0, 1 + rng.below(file.size()));
      for (uint64_t flips = rng.below(4); flips > 0; --flips) {
        bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
      }
      const std::vector<char> exact(bytes.begin(), bytes.end());
      try {
        const ImageInfo info = probe_image(std::as_bytes(std::span(exact)), "test");
        EXPECT_GE(std::min(info.width, info.height), 1);
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace flamingo::media
