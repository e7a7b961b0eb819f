#include "flamingo/media/video_reader.h"

#include <array>
#include <numeric>

#include "tests/media/clip_builder.h"

namespace flamingo::media {
namespace {

const std::string kWhere = "clip";

std::span<const std::byte> span_of(const std::string& bytes) {
  return std::as_bytes(std::span(bytes));
}

TEST(VideoReaderTest, ReadsEveryFrameInOrder) {
  const std::string bytes = numbered_clip(15, 10);
  const VideoLimits limits;
  VideoReader reader(span_of(bytes), kWhere, limits, true);
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

TEST(VideoReaderTest, FindsTheLastFrame) {
  const std::string bytes = numbered_clip(15, 10);
  const VideoLimits limits;
  for (const bool may_seek : {false, true}) {
    VideoReader reader(span_of(bytes), kWhere, limits, may_seek);
    const TimedFrame last = reader.last(std::move(*reader.next()));
    EXPECT_DOUBLE_EQ(last.seconds, 1.4);
    EXPECT_DOUBLE_EQ(last.end, 1.5);
    EXPECT_EQ(number_of(reader.to_image(*last.frame)), 14);
  }
}

TEST(VideoReaderTest, KeepsPicturesAndColours) {
  const std::string bytes = numbered_clip(1, 1);
  const VideoLimits limits;
  VideoReader reader(span_of(bytes), kWhere, limits, true);
  const Image image = reader.to_image(*reader.next()->frame);
  const Image expected = numbered_frame(0);
  double total = 0;
  for (size_t i = 0; i < expected.pixels.size(); ++i) {
    total += std::abs(image.pixels[i] - expected.pixels[i]);
  }
  EXPECT_LT(total / static_cast<double>(expected.pixels.size()), 3);
}

/// Writes a display matrix of signs into the track header (16.16 fixed point).
std::string with_matrix(std::string mp4, const std::array<int, 4>& signs) {
  constexpr size_t kMatrixAt = 4 + 40;  // after "tkhd": version 0, up to the matrix
  const int values[] = {signs[0], signs[1], 0, signs[2], signs[3]};
  const size_t at = mp4.find("tkhd") + kMatrixAt;
  for (int i = 0; i < 5; ++i) {
    const auto fixed = static_cast<uint32_t>(values[i] * 65536);
    for (int k = 0; k < 4; ++k) mp4[at + 4 * i + k] = static_cast<char>(fixed >> (24 - 8 * k));
  }
  return mp4;
}

TEST(VideoReaderTest, TurnsAndMirrorsFramesUpright) {
  const std::string bytes = numbered_clip(1, 1);
  // Where the white quarter of the stored frame, at its top left, goes; whether sides change
  // places.
  struct Shown {
    std::array<int, 4> matrix;
    bool bottom, right, transposed;
  };
  const Shown cases[] = {
      {{1, 0, 0, 1}, false, false, false}, {{0, 1, -1, 0}, false, true, true},
      {{-1, 0, 0, -1}, true, true, false}, {{0, -1, 1, 0}, true, false, true},
      {{-1, 0, 0, 1}, false, true, false}, {{1, 0, 0, -1}, true, false, false},
      {{0, 1, 1, 0}, false, false, true},  {{0, -1, -1, 0}, true, true, true},
  };
  for (const Shown& shown : cases) {
    const Image image = decode_clip(with_matrix(bytes, shown.matrix)).frames[0].image;
    ASSERT_EQ(image.height, shown.transposed ? 64 : 48);
    for (const bool bottom : {false, true}) {
      for (const bool right : {false, true}) {
        const int64_t y = bottom ? image.height - 5 : 4;
        const int64_t x = right ? image.width - 5 : 4;
        const bool white = image.pixels[3 * (y * image.width + x)] > 200;
        EXPECT_EQ(white, bottom == shown.bottom && right == shown.right)
            << shown.matrix[0] << shown.matrix[1] << shown.matrix[2] << shown.matrix[3];
      }
    }
  }
}

/// H.264 can say it itself, in front of key frames alone; it holds for all frames.
TEST(VideoReaderTest, TurnsFramesAsTheirOwnStreamSays) {
  struct Shown {
    const char* orientation;
    bool bottom, right, transposed;
  };
  for (const Shown& shown : {Shown{"rotate=90", true, false, true},  // anticlockwise
                             {"flip=horizontal", false, true, false},
                             {"flip=vertical", true, false, false}}) {
    const std::string bytes = clip_of(
        {.codec = "libx264",
         .filter = std::string("h264_metadata=display_orientation=insert:") + shown.orientation});
    for (const bool seek : {false, true}) {
      for (const VideoFrame& frame : decode_clip(bytes, {.frames = 4, .seek = seek}).frames) {
        const Image& image = frame.image;
        ASSERT_EQ(image.height, shown.transposed ? 64 : 48) << shown.orientation;
        const int64_t y = shown.bottom ? image.height - 5 : 4;
        const int64_t x = shown.right ? image.width - 5 : 4;
        EXPECT_GT(image.pixels[3 * (y * image.width + x)], 240) << shown.orientation;
        EXPECT_LT(image.pixels[3 * ((image.height - 1 - y) * image.width + x)], 240);
      }
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
  options.limits.max_side = 512;
  options.limits.max_pixels = 512 * 512;
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
  const std::string path = ::testing::TempDir() + "noise.mp4";
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

/// The moments and frames that a clip shows, by the numbers of its frames.
std::vector<int> numbers_of(const VideoClip& clip) {
  std::vector<int> numbers;
  for (const VideoFrame& frame : clip.frames) numbers.push_back(number_of(frame.image));
  return numbers;
}

/// A clip that begins in the middle of a group, as cut recordings do.
TEST(VideoReaderTest, FramesSpreadOverWhatCanBeDecoded) {
  for (const char* format : {"mp4", "matroska", "avi"}) {
    const std::string bytes =
        clip_of({.format = format, .frames = 20, .keep = [](int i) { return i > 0; }});
    for (const bool seek : {true, false}) {
      const VideoClip clip = decode_clip(bytes, {.frames = 5, .seek = seek});
      EXPECT_EQ(numbers_of(clip), (std::vector<int>{11, 13, 15, 17, 19})) << format;
      EXPECT_DOUBLE_EQ(clip.seconds, 0.4) << format;
      EXPECT_EQ(clip.frames_bad, 9) << format;
    }
  }
}

/// A clip whose first frame has the time 5 s by the container's clock.
std::string late_clip(const std::string& format, int b_frames) {
  if (format != "avi") {
    const auto late = [](int i) { return i + 125; };
    return clip_of({.format = format, .frames = 20, .b_frames = b_frames, .ticks = late});
  }
  std::string bytes = clip_of({.format = format, .frames = 20, .b_frames = b_frames});
  bytes[bytes.find("strh") + 8 + 28] = 125;  // dwStart
  return bytes;
}

/// Times count from the first frame that is shown.
TEST(VideoReaderTest, TheClockStartsAtTheFirstFrame) {
  for (const char* format : {"mp4", "matroska", "avi"}) {
    for (const int b_frames : {0, 2}) {
      const VideoClip clip = decode_clip(late_clip(format, b_frames), {.frames = 4});
      EXPECT_EQ(numbers_of(clip), (std::vector<int>{2, 7, 12, 17})) << format;
      EXPECT_DOUBLE_EQ(clip.seconds, 0.8) << format;
      EXPECT_DOUBLE_EQ(clip.frames[0].shown_seconds, 0.08) << format;
    }
  }
}

/// A gap in the times is kept: the frame before it stays.
TEST(VideoReaderTest, GapsKeepTheirPlace) {
  const auto gap = [](int i) { return i < 10 ? i : i + 100; };
  for (const char* format : {"mp4", "matroska", "avi"}) {
    const VideoClip clip = decode_clip(clip_of({.format = format, .frames = 20, .ticks = gap}));
    EXPECT_EQ(numbers_of(clip), (std::vector<int>{0, 9, 9, 9, 9})) << format;
    EXPECT_DOUBLE_EQ(clip.seconds, 4.8) << format;
  }
}

/// The end of a clip is that of its last frame that can be decoded.
TEST(VideoReaderTest, NoiseAtTheEndEndsTheClip) {
  const std::string bytes =
      clip_of({.frames = 40, .gop = 10, .damage = [](int i) { return i >= 20; }});
  const VideoClip clip = decode_clip(bytes, {.frames = 4});
  EXPECT_EQ(numbers_of(clip), (std::vector<int>{2, 7, 12, 17}));
  EXPECT_DOUBLE_EQ(clip.seconds, 0.8);
  EXPECT_GE(clip.frames_bad, 10);
}

/// What the choices of docs/data.md leave as it is stored.
TEST(VideoReaderTest, AspectRatioAndTransferDoNotChangeTheFrames) {
  const auto first = [](const std::map<std::string, std::string>& options) {
    return decode_clip(clip_of({.codec = "libx264", .frames = 2, .codec_options = options}))
        .frames[0]
        .image;
  };
  const Image plain = first({});
  for (const auto& [option, value] :
       {std::pair("aspect", "2:1"), {"color_trc", "smpte2084"}, {"color_primaries", "bt2020"}}) {
    const Image image = first({{option, value}});
    EXPECT_EQ(image.width, 64) << option;
    EXPECT_EQ(image.pixels, plain.pixels) << option;
  }
}

/// An edit list that begins in the middle of a group hides what stands before.
TEST(VideoReaderTest, WhatAnEditListHidesIsNotShown) {
  constexpr int kTicksAFrame = 512;  // of MP4 at 25 frames a second
  std::string bytes = clip_of({.frames = 20, .b_frames = 2});
  const size_t start = bytes.find("elst") + 4 + 8 + 4;  // media_time of the first edit
  int time = 0;
  for (int i = 0; i < 4; ++i) time = time << 8 | static_cast<uint8_t>(bytes[start + i]);
  time += 4 * kTicksAFrame;
  for (int i = 0; i < 4; ++i) bytes[start + i] = static_cast<char>(time >> (24 - 8 * i));
  const VideoClip clip = decode_clip(bytes, {.frames = 16});
  std::vector<int> expected(16);
  std::iota(expected.begin(), expected.end(), 4);
  EXPECT_EQ(numbers_of(clip), expected);
  EXPECT_DOUBLE_EQ(clip.seconds, 16 / 25.0);
  EXPECT_EQ(clip.frames_bad, 0);
}

TEST(VideoReaderTest, ACheckDecodesEveryFrame) {
  const auto check = [](const std::string& bytes, const VideoLimits& limits = {}) {
    return check_video(span_of(bytes), kWhere, limits);
  };
  const std::string good = clip_of({.frames = 40});
  EXPECT_EQ(check(good).frames, 40);
  EXPECT_EQ(check(good).frames_bad, 0);
  EXPECT_TRUE(check(good).whole);
  EXPECT_FALSE(check(good).cut_off);
  const VideoCheck part = check(good, {.max_decoded = 10 * VideoLimits::kLeastPixels});
  EXPECT_FALSE(part.whole);
  EXPECT_GE(part.frames, 9);
  const VideoCheck damaged =
      check(clip_of({.frames = 40, .damage = [](int i) { return i == 15; }}));
  EXPECT_GE(damaged.frames_bad, 1);
  EXPECT_LE(damaged.frames, 39);
  const std::string matroska = clip_of({.format = "matroska", .frames = 40});
  EXPECT_TRUE(check(matroska.substr(0, matroska.size() / 2)).cut_off);
  EXPECT_EQ(damage_text(0, false), "");
  EXPECT_EQ(damage_text(1, false), "1 damaged frame was left out");
  EXPECT_EQ(damage_text(2, true), "2 damaged frames were left out; the file is cut off");
}

}  // namespace
}  // namespace flamingo::media
