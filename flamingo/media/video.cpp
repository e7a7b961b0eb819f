#include "flamingo/media/video.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/media/video_reader.h"

namespace flamingo {
namespace {

// Seconds by which a moment may miss a frame's time, since i / fps and ticks round differently.
constexpr double kSlack = 1e-6;

/// The moments to take, in order.
class Moments {
 public:
  Moments(const VideoOptions& options, double length) : options_(options), length_(length) {}

  double next() const {
    const auto i = static_cast<double>(taken_);
    return options_.frames > 0 ? (i + 0.5) * length_ / static_cast<double>(options_.frames)
                               : i / options_.fps;
  }
  void advance() { ++taken_; }
  bool done() const { return options_.frames > 0 && taken_ == options_.frames; }

 private:
  const VideoOptions& options_;
  double length_;
  int64_t taken_ = 0;
};

/// Collects what is shown at the moments asked for.
class Collector {
 public:
  Collector(const VideoReader& reader, const std::string& where, const VideoOptions& options,
            Moments moments)
      : reader_(reader), where_(where), options_(options), moments_(moments) {}

  /// `shown` stays until the moment `until` (exclusive).
  void show(const TimedFrame& shown, double until) {
    while (!moments_.done() && moments_.next() < until - kSlack) {
      require(std::ssize(frames_) < options_.limits.max_frames, where_,
              "expected at most " + std::to_string(options_.limits.max_frames) +
                  " frames, got a longer clip",
              "ask for a number of frames or for fewer a second");
      frames_.push_back({moments_.next(), shown.seconds, reader_.to_image(*shown.frame)});
      bytes_ += frames_.back().image.pixels.size();
      require(bytes_ <= options_.limits.max_output_bytes, where_,
              "expected at most " + std::to_string(options_.limits.max_output_bytes) +
                  " bytes of frames, got more");
      moments_.advance();
    }
  }
  bool done() const { return moments_.done(); }
  std::vector<VideoFrame> take() { return std::move(frames_); }

 private:
  const VideoReader& reader_;
  const std::string& where_;
  const VideoOptions& options_;
  Moments moments_;
  std::vector<VideoFrame> frames_;
  uint64_t bytes_ = 0;
};

void check_options(const VideoOptions& options, const std::string& where) {
  require(std::isfinite(options.fps) && options.fps > 0 && options.fps <= 1000, where,
          "expected fps in (0, 1000], got " + std::to_string(options.fps));
  require(options.frames >= 0 && options.frames <= options.limits.max_frames, where,
          "expected a number of frames in [0, " + std::to_string(options.limits.max_frames) +
              "], got " + std::to_string(options.frames));
}

}  // namespace

VideoClip decode_video(std::span<const std::byte> bytes, const std::string& where,
                       const VideoOptions& options) {
  check_options(options, where);
  double length = 0;
  if (options.frames > 0) length = VideoReader(bytes, where, options.limits).measure_length();

  VideoReader reader(bytes, where, options.limits);
  Collector collector(reader, where, options, Moments(options, length));
  std::optional<TimedFrame> shown = reader.next();
  require(shown.has_value(), where, "expected at least one good frame, got none");
  VideoClip clip;
  while (!collector.done()) {
    clip.seconds = shown->end;
    std::optional<TimedFrame> next = reader.next();
    if (!next) break;
    collector.show(*shown, next->seconds);
    shown = std::move(next);
  }
  // The last frame stays to its end, at least for its own moment.
  const double end = options.frames > 0 ? std::numeric_limits<double>::infinity()
                                        : std::max(clip.seconds, shown->seconds + 2 * kSlack);
  collector.show(*shown, end);
  if (options.frames > 0) clip.seconds = length;
  clip.frames = collector.take();
  clip.frames_bad = reader.num_bad();
  return clip;
}

VideoClip load_video(const std::string& path, const VideoOptions& options) {
  const std::string bytes = read_file(path, options.limits.max_bytes);
  return decode_video(std::as_bytes(std::span(bytes)), path, options);
}

}  // namespace flamingo
