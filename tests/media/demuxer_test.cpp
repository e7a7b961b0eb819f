#include "flamingo/media/demuxer.h"

#include <sys/resource.h>

#include "tests/media/clip_builder.h"

namespace flamingo::media {
namespace {

/// The packets that a demuxer gives of the file.
int count_packets(const std::string& bytes, const VideoLimits& limits = {}) {
  const std::string where = "clip";
  Demuxer demuxer(std::as_bytes(std::span(bytes)), where, limits);
  const PacketPtr packet(av_packet_alloc());
  int count = 0;
  while (demuxer.read(*packet)) ++count;
  return count;
}

std::string error_of(const std::string& bytes, const VideoLimits& limits) {
  try {
    count_packets(bytes, limits);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(DemuxerTest, ReadsOneStreamOfMany) {
  EXPECT_EQ(count_packets(clip_of({.format = "matroska", .extra_streams = 20})), 60);
  EXPECT_EQ(count_packets(clip_of({.frames = 12})), 12);
}

TEST(DemuxerTest, ACoverIsTheLastChoice) {
  const ClipSpec spec{
      .codec = "mjpeg", .frames = 12, .pixel_format = AV_PIX_FMT_YUVJ420P, .cover = true};
  EXPECT_EQ(count_packets(clip_of(spec)), 12);
}

/// The size of a frame is refused from headers, before a packet is decoded.
TEST(DemuxerTest, RefusesSizesFromTheHeader) {
  for (const char* format : {"mp4", "matroska", "avi"}) {
    const std::string bytes = clip_of({.format = format, .frames = 1});
    const auto refusal = [&](const VideoLimits& limits) -> std::string {
      try {
        decode_clip(bytes, {.limits = limits});
        return "";
      } catch (const Error& error) {
        return error.what();
      }
    };
    EXPECT_NE(refusal({.max_side = 63}).find("got 64 x 48"), std::string::npos) << format;
    EXPECT_NE(refusal({.max_pixels = 64 * 48 - 1}).find("got 64 x 48"), std::string::npos);
    EXPECT_EQ(refusal({.max_side = 64, .max_pixels = 64 * 48}), "");
  }
}

/// A picture larger than its container says is refused by the decoder; opening decodes nothing.
TEST(DemuxerTest, AHeaderThatLiesIsNoWayIn) {
  const std::string bytes = clip_of({.format = "matroska",
                                     .codec = "png",
                                     .frames = 2,
                                     .gop = 1,
                                     .pixel_format = AV_PIX_FMT_RGB24,
                                     .height = 480,
                                     .width = 640});
  std::string small = bytes;  // PixelWidth and PixelHeight
  small.replace(small.find("\xB0\x82\x02\x80"), 4, std::string("\xB0\x82\0\x10", 4));
  small.replace(small.find("\xBA\x82\x01\xE0"), 4, std::string("\xBA\x82\0\x10", 4));
  const VideoLimits limits{.max_side = 320, .max_pixels = 10'000};
  EXPECT_NE(error_of(bytes, limits), "");
  EXPECT_EQ(count_packets(small, limits), 2);
  EXPECT_THROW(decode_clip(small, {.limits = limits}), Error);
  EXPECT_EQ(decode_clip(small).frames[0].image.width, 640);
}

/// Overwrites a big-endian number `offset` bytes behind a box's name.
void set_field(std::string& mp4, const char* box, size_t offset, uint32_t value) {
  const size_t at = mp4.find(box) + 4 + offset;
  for (int i = 0; i < 4; ++i) mp4[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

/// The peak of the process's memory, in bytes.
int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

/// A few bytes of MP4 can speak of 80 million samples of one byte, of which FFmpeg makes a table of
/// 1.9 GB when it opens the file.
TEST(DemuxerTest, TablesAreNoLargerThanAPicture) {
  constexpr uint32_t kSamples = 80'000'000;
  std::string bytes = clip_of({.frames = 2});
  set_field(bytes, "stsz", 4, 1);
  set_field(bytes, "stsz", 8, kSamples);
  set_field(bytes, "stsc", 12, kSamples);
  const int64_t before = peak_memory();
  EXPECT_THROW(decode_clip(bytes), Error);
  const int64_t picture = 8 * VideoLimits{}.max_padded_pixels();
  EXPECT_LT(peak_memory() - before, 2 * picture);
}

TEST(DemuxerTest, LimitsPacketsAndBytes) {
  const std::string bytes = clip_of({.frames = 12});
  EXPECT_NE(error_of(bytes, {.max_packets = 11}).find("at most 11 packets"), std::string::npos);
  EXPECT_EQ(error_of(bytes, {.max_packets = 12}), "");
  EXPECT_NE(error_of(bytes, {.max_bytes = bytes.size() - 1}), "");
}

/// An AVI writer fills gaps with empty packets: the frame before stays.
TEST(DemuxerTest, EmptyPacketsAreNoFrames) {
  const auto gap = [](int i) { return i < 5 ? i : i + 50; };
  EXPECT_EQ(count_packets(clip_of({.format = "avi", .frames = 10, .ticks = gap})), 10);
}

}  // namespace
}  // namespace flamingo::media
