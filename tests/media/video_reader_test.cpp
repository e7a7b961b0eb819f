#include "flamingo/media/video_reader.h"

#include "tests/media/video_testing.h"

namespace flamingo {
namespace {

std::span<const std::byte> span_of(const std::string& bytes) {
  return std::as_bytes(std::span(bytes));
}

TEST(VideoReaderTest, ReadsEveryFrameInOrder) {
  const std::string bytes = numbered_clip(15, 10);
  const VideoLimits limits;
  VideoReader reader(span_of(bytes), "clip", limits);
  for (int i = 0; i < 15; ++i) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame.has_value());
    EXPECT_DOUBLE_EQ(frame->seconds, i / 10.0);
    EXPECT_DOUBLE_EQ(frame->end, (i + 1) / 10.0);
    EXPECT_EQ(number_of(reader.to_image(*frame->frame)), i);
  }
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_EQ(reader.num_bad(), 0);
}

TEST(VideoReaderTest, MeasuresTheLength) {
  const std::string bytes = numbered_clip(15, 10);
  const VideoLimits limits;
  EXPECT_DOUBLE_EQ(VideoReader(span_of(bytes), "clip", limits).measure_length(), 1.5);
}

TEST(VideoReaderTest, KeepsPicturesAndColours) {
  const std::string bytes = numbered_clip(1, 1);
  const VideoLimits limits;
  VideoReader reader(span_of(bytes), "clip", limits);
  const Image image = reader.to_image(*reader.next()->frame);
  const Image expected = numbered_frame(0);
  double total = 0;
  for (size_t i = 0; i < expected.pixels.size(); ++i) {
    total += std::abs(image.pixels[i] - expected.pixels[i]);
  }
  EXPECT_LT(total / static_cast<double>(expected.pixels.size()), 3);
}

/// Writes the rotation by quarter turns into the track header's matrix (16.16 fixed point).
std::string rotated(std::string mp4, int quarters) {
  constexpr size_t kMatrixAt = 4 + 40;  // after "tkhd": version 0, up to the matrix
  const int cosine[] = {1, 0, -1, 0};
  const int sine[] = {0, 1, 0, -1};
  const int values[] = {cosine[quarters], sine[quarters], 0, -sine[quarters], cosine[quarters]};
  const size_t at = mp4.find("tkhd") + kMatrixAt;
  for (int i = 0; i < 5; ++i) {
    const auto fixed = static_cast<uint32_t>(values[i] * 65536);
    for (int k = 0; k < 4; ++k) mp4[at + 4 * i + k] = static_cast<char>(fixed >> (24 - 8 * k));
  }
  return mp4;
}

TEST(VideoReaderTest, TurnsFramesUpright) {
  const std::string bytes = numbered_clip(1, 1);
  // Where the white quarter of the stored frame goes: top left, right, bottom right, left.
  struct Corner {
    bool bottom, right;
  };
  const Corner corners[] = {{false, false}, {false, true}, {true, true}, {true, false}};
  for (int quarters = 0; quarters < 4; ++quarters) {
    const Image image = decode_clip(rotated(bytes, quarters)).frames[0].image;
    ASSERT_EQ(image.height, quarters % 2 == 0 ? 48 : 64);
    for (const Corner corner : corners) {
      const int64_t y = corner.bottom ? image.height - 5 : 4;
      const int64_t x = corner.right ? image.width - 5 : 4;
      const bool white = image.pixels[3 * (y * image.width + x)] > 200;
      const bool expected =
          corner.bottom == corners[quarters].bottom && corner.right == corners[quarters].right;
      EXPECT_EQ(white, expected) << quarters << " quarters";
    }
  }
}

TEST(VideoReaderTest, RefusesOtherFormats) {
  const std::string playlist =
      "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
  const std::string concat = "ffconcat version 1.0\nfile /etc/passwd\n";
  const std::string sdp =
      "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n";
  const std::string dash = "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>";
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(100'000, '\0'), playlist, concat, sdp, dash,
        bytes_of(golden_picture("photo.jpg")), bytes_of(golden_picture("rgb.png"))}) {
    EXPECT_THROW(decode_clip(bytes), Error) << bytes.substr(0, 10);
  }
}

/// Hostile bytes give an Error or frames, nothing else.
bool clip_decodes(const std::string& bytes) {
  VideoOptions options;
  options.frames = 2;
  options.limits.frame = {512, 512 * 512, 0};
  options.limits.max_packets = 1000;
  try {
    EXPECT_EQ(decode_clip(bytes, options).frames.size(), 2u);
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(VideoReaderTest, SurvivesCuts) {
  const std::string bytes = numbered_clip(6, 10, "mpeg4");
  ASSERT_TRUE(clip_decodes(bytes));
  const size_t step = bytes.size() / 200 + 1;
  for (size_t n = 0; n < bytes.size() / 2; n += step) {
    EXPECT_FALSE(clip_decodes(bytes.substr(0, n))) << "the index at the end is missing";
  }
  for (size_t n = bytes.size() / 2; n < bytes.size(); n += step) clip_decodes(bytes.substr(0, n));
}

TEST(VideoReaderTest, SurvivesFlippedBytes) {
  for (const char* codec : {"mpeg4", "libx264"}) {
    const std::string bytes = numbered_clip(6, 10, codec);
    Rng rng(11);
    for (int i = 0; i < 300; ++i) {
      std::string copy = bytes;
      copy[rng.below(copy.size())] ^= static_cast<char>(1 + rng.below(255));
      clip_decodes(copy);
    }
  }
}

TEST(VideoReaderTest, CountsDamagedPackets) {
  const std::string path = testing::TempDir() + "noise.mp4";
  std::vector<Image> frames;
  for (int i = 0; i < 10; ++i) frames.push_back(random_image(48, 64, PixelMode::kRgb, i));
  write_video(path, frames, 10);
  std::string bytes = bytes_of(path);
  std::filesystem::remove(path);
  EXPECT_EQ(decode_clip(bytes).frames_bad, 0);
  const size_t data = bytes.find("mdat") + 4;
  const size_t end = bytes.find("moov");
  ASSERT_LT(data, end);
  // The second half of the data becomes noise: fewer frames, and the loss is known.
  Rng rng(1);
  for (size_t i = data + (end - data) / 2; i < end - 4; ++i) {
    bytes[i] = static_cast<char>(rng.below(256));
  }
  const VideoClip clip = decode_clip(bytes);
  EXPECT_GE(clip.frames.size(), 1u);
  EXPECT_GE(clip.frames_bad, 1);
}

}  // namespace
}  // namespace flamingo
