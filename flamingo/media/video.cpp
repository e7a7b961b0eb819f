#include "flamingo/media/video.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/media/video_reader.h"

namespace flamingo::media {
namespace {

// Seconds by which a moment may miss a frame's time, since i / fps and ticks round differently.
constexpr double kSlack = 1e-6;

void check_options(const VideoOptions& options, const std::string& where) {
  require(std::isfinite(options.fps) && options.fps > 0 && options.fps <= 1000, where,
          "expected fps in (0, 1000], got {}", options.fps);
  require(options.frames >= 0 && options.frames <= options.limits.max_frames, where,
          "expected a number of frames in [0, {}], got {}", options.limits.max_frames,
          options.frames);
}

}  // namespace

Video::Video(std::span<const std::byte> bytes, std::string where, const VideoOptions& options)
    : where_(std::move(where)), options_(options) {
  check_options(options_, where_);
  reader_ = std::make_unique<VideoReader>(bytes, where_, options_.limits, options_.seek);
  std::optional<TimedFrame> first = reader_->next();
  require(first.has_value(), where_, "expected at least one good frame, got none");
  const TimedFrame last = reader_->last(std::move(*first));
  seconds_ = std::max(last.end, last.seconds);
  num_moments_ = options_.frames;
  if (num_moments_ > 0) return;
  // Moments before the end of the last frame, and at least the one where it begins.
  const double end = std::max(seconds_ - kSlack, last.seconds + kSlack);
  constexpr double kMost = 1e15;  // hostile times are astronomical
  num_moments_ = static_cast<int64_t>(std::clamp(std::ceil(end * options_.fps) - 1, 1.0, kMost));
  while (moment(num_moments_) < std::min(end, kMost / options_.fps)) ++num_moments_;
}

Video::~Video() = default;

double Video::moment(int64_t i) const {
  return options_.frames > 0
             ? (static_cast<double>(i) + 0.5) * seconds_ / static_cast<double>(options_.frames)
             : static_cast<double>(i) / options_.fps;
}

void Video::read(int64_t first, int64_t count, const std::function<void(VideoFrame)>& take) {
  require(first >= 0 && count >= 0 && count <= num_moments_ - first, where_,
          "expected moments of the clip's {}, got {} from {} on", num_moments_, count, first);
  std::optional<TimedFrame> shown, next;
  for (int64_t i = first; i < first + count; ++i) {
    const double seconds = moment(i);
    const auto is_due = [&] { return next && next->seconds <= seconds + kSlack; };
    if (!shown || is_due()) {
      if (reader_->approach(seconds + kSlack, shown.has_value())) {
        shown = reader_->next();
        next = reader_->next();
      }
    }
    while (is_due()) {
      shown = std::move(next);
      next = reader_->next();
    }
    require(shown.has_value(), where_, "expected the frames found before, got none");
    take({seconds, shown->seconds, reader_->to_image(*shown->frame)});
  }
}

int64_t Video::frames_bad() const { return reader_->num_bad(); }

std::string Video::damage() const { return damage_text(frames_bad(), reader_->cut_off()); }

std::string damage_text(int64_t frames_bad, bool cut_off) {
  std::string text;
  if (frames_bad > 0) {
    text = std::to_string(frames_bad) +
           (frames_bad == 1 ? " damaged frame was left out" : " damaged frames were left out");
  }
  if (cut_off) text += std::string(text.empty() ? "" : "; ") + "the file is cut off";
  return text;
}

VideoClip decode_video(std::span<const std::byte> bytes, const std::string& where,
                       const VideoOptions& options) {
  Video video(bytes, where, options);
  require(video.num_moments() <= options.limits.max_frames, where,
          "expected at most {} frames, got {}", options.limits.max_frames, video.num_moments(),
          Hint{"ask for a number of frames or for fewer a second"});
  VideoClip clip;
  uint64_t size = 0;
  video.read(0, video.num_moments(), [&](VideoFrame frame) {
    size += frame.image.pixels.size();
    require(size <= options.limits.max_output_bytes, where,
            "expected at most {} bytes of frames, got more", options.limits.max_output_bytes);
    clip.frames.push_back(std::move(frame));
  });
  clip.seconds = video.seconds();
  clip.frames_bad = video.frames_bad();
  return clip;
}

VideoClip load_video(const std::string& path, const VideoOptions& options) {
  const std::string bytes = read_file(path, options.limits.max_bytes);
  return decode_video(std::as_bytes(std::span(bytes)), path, options);
}

VideoCheck check_video(std::span<const std::byte> bytes, const std::string& where,
                       const VideoLimits& limits) {
  VideoReader reader(bytes, where, limits, false);
  VideoCheck check{.cut_off = reader.cut_off()};
  try {
    while (const auto frame = reader.next()) {
      reader.check_size(*frame->frame);
      ++check.frames;
    }
  } catch (const OverBudget&) {
    check.whole = false;
  }
  require(check.frames > 0, where, "expected at least one good frame, got none");
  check.frames_bad = reader.num_bad();
  return check;
}

}  // namespace flamingo::media
