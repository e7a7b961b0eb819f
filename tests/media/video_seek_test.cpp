#include "flamingo/media/video.h"

#include <functional>

#include "tests/media/clip_builder.h"

namespace flamingo::media {
namespace {

std::vector<VideoOptions> samplings() {
  std::vector<VideoOptions> samplings;
  for (const int64_t frames : {1, 3, 8}) samplings.emplace_back().frames = frames;
  for (const double fps : {0.4, 1.0, 7.0}) samplings.emplace_back().fps = fps;
  return samplings;
}

/// Frames and times with seeking are those of decoding everything.
void expect_twins(const std::string& bytes, const std::string& what,
                  std::vector<VideoOptions> samplings) {
  for (VideoOptions options : samplings) {
    const VideoClip fast = decode_clip(bytes, options);
    options.seek = false;
    const VideoClip plain = decode_clip(bytes, options);
    EXPECT_EQ(fast.seconds, plain.seconds) << what;
    ASSERT_EQ(fast.frames.size(), plain.frames.size()) << what;
    for (size_t i = 0; i < plain.frames.size(); ++i) {
      EXPECT_EQ(fast.frames[i].seconds, plain.frames[i].seconds) << what;
      EXPECT_EQ(fast.frames[i].shown_seconds, plain.frames[i].shown_seconds) << what;
      EXPECT_EQ(fast.frames[i].image.pixels, plain.frames[i].image.pixels) << what << " " << i;
    }
  }
}

TEST(VideoSeekTest, TheFramesAreThoseOfThePlainDecode) {
  const std::map<std::string, ClipSpec> clips = {
      {"H.264 with B frames", {.codec = "libx264", .b_frames = 3}},
      {"open groups",
       {.codec = "libx264", .b_frames = 3, .codec_options = {{"x264-params", "open-gop=1"}}}},
      {"intra refresh",
       {.format = "matroska",
        .codec = "libx264",
        .codec_options = {{"x264-params", "intra-refresh=1"}}}},
      {"fragments",
       {.codec = "libx264", .b_frames = 2, .format_options = {{"movflags", "frag_keyframe"}}}},
      {"MPEG-4 with B frames", {.format = "matroska", .b_frames = 2}},
      {"MPEG-2 with B frames", {.format = "matroska", .codec = "mpeg2video", .b_frames = 2}},
      {"AVI, times of decoding", {.format = "avi", .b_frames = 2}},
      {"AVI of stills", {.format = "avi", .codec = "mjpeg", .pixel_format = AV_PIX_FMT_YUVJ420P}},
      {"PNG", {.format = "matroska", .codec = "png", .pixel_format = AV_PIX_FMT_RGB24}},
      {"FFV1", {.format = "matroska", .codec = "ffv1"}},
      {"a changing rate", {.b_frames = 2, .ticks = [](int i) { return i * (i % 7); }}},
  };
  for (const auto& [what, spec] : clips) {
    ClipSpec monotone = spec;
    int64_t last = -1;
    monotone.ticks = [&](int i) { return last = std::max(last + 1, spec.ticks(i)); };
    expect_twins(clip_of(monotone), what, samplings());
  }
}

TEST(VideoSeekTest, DamageDoesNotChangeThat) {
  for (const char* codec : {"mpeg4", "libx264"}) {
    for (const auto& [first, count] : {std::pair{20, 1}, {20, 12}, {29, 3}, {48, 12}}) {
      const auto hit = [first = first, count = count](int i) {
        return i >= first && i < first + count;
      };
      const std::string what =
          std::string(codec) + " from " + std::to_string(first) + ", " + std::to_string(count);
      expect_twins(clip_of({.codec = codec, .b_frames = 2, .damage = hit}), what + " noise",
                   {{.fps = 7}});
      expect_twins(clip_of({.codec = codec, .b_frames = 2, .keep = std::not_fn(hit)}),
                   what + " missing", {{.frames = 8}});
    }
  }
}

/// Noise that spares start codes gives decoders wrong headers, which they keep: MPEG-4's length of
/// times, MPEG-2's size.
TEST(VideoSeekTest, WrongHeadersDoNotChangeThat) {
  struct Case {
    const char* codec;
    int from, first, count;
  };
  for (const auto& [codec, from, first, count] : {Case{"mpeg4", 4, 20, 5},
                                                  {"mpeg4", 4, 39, 12},
                                                  {"mpeg4", 5, 21, 12},
                                                  {"mpeg4", 8, 40, 12},
                                                  {"mpeg2video", 4, 39, 12},
                                                  {"mpeg2video", 5, 40, 12}}) {
    const auto hit = [first = first, count = count](int i) {
      return i >= first && i < first + count;
    };
    expect_twins(
        clip_of({.format = "matroska", .codec = codec, .damage = hit, .damage_from = from}),
        std::string(codec) + " from " + std::to_string(first), {{.fps = 7}, {.frames = 8}});
  }
}

/// Few frames of a long clip are reached from the key frames before them.
TEST(VideoSeekTest, DecodesLittleOfALongClip) {
  const std::string bytes = clip_of({.frames = 1000});
  VideoOptions options{.frames = 5};
  options.limits.max_decoded = 150 * VideoLimits::kLeastPixels;
  EXPECT_EQ(decode_clip(bytes, options).frames.size(), 5u);
  options.seek = false;
  EXPECT_THROW(decode_clip(bytes, options), Error);
}

/// A part of the moments costs no more than that part.
TEST(VideoSeekTest, ReadsAnyRunOfMoments) {
  const std::string bytes = clip_of({.frames = 1000});
  const VideoClip whole = decode_clip(bytes);
  ASSERT_EQ(whole.frames.size(), 40u);
  VideoOptions options;
  options.limits.max_decoded = 150 * VideoLimits::kLeastPixels;
  Video video(std::as_bytes(std::span(bytes)), "clip", options);
  ASSERT_EQ(video.num_moments(), 40);
  size_t i = 30;
  video.read(30, 3, [&](VideoFrame frame) {
    EXPECT_EQ(frame.seconds, whole.frames[i].seconds);
    EXPECT_EQ(frame.image.pixels, whole.frames[i++].image.pixels);
  });
  i = 7;
  video.read(7, 2, [&](VideoFrame frame) {
    EXPECT_EQ(frame.image.pixels, whole.frames[i++].image.pixels);
  });
  EXPECT_EQ(i, 9u);
  EXPECT_THROW(video.read(39, 2, [](VideoFrame) {}), Error);
  EXPECT_THROW(video.read(-1, 1, [](VideoFrame) {}), Error);
}

}  // namespace
}  // namespace flamingo::media
