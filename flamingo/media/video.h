#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/media/image.h"

namespace flamingo::media {

class VideoReader;

/// What a clip may cost. All are amounts of work, none is a time: whether a clip is good depends on
/// its bytes alone, not on how busy the machine is.
struct VideoLimits {
  int64_t max_frames = 256;                ///< frames taken at once
  int64_t max_side = 8192;                 ///< of one frame
  int64_t max_pixels = 36ll << 20;         ///< of one frame
  uint64_t max_bytes = 256ull << 20;       ///< of the file
  int64_t max_packets = 2'000'000;         ///< of the file; 18 hours at 30 frames a second
  int64_t max_decoded = int64_t{1} << 36;  ///< pixels of all frames decoded, of which each counts
                                           ///< as kLeastPixels at least

  uint64_t max_output_bytes = 1ull << 30;  ///< of decode_video's frames; not an option

  static constexpr int64_t kLeastPixels = 1 << 16;

  ImageLimits frame() const { return {max_side, max_pixels, max_bytes}; }
  /// max_pixels with what decoders pad a frame's sides by.
  int64_t max_padded_pixels() const {
    constexpr int64_t kPadding = 256;
    return max_pixels + kPadding * (2 * max_side + kPadding);
  }

  template <class Visitor>
  void visit(Visitor& v) {
    v("max_frames", max_frames, "most frames taken of a clip");
    v("max_side", max_side, "most pixels of the longer side of a frame");
    v("max_pixels", max_pixels, "most pixels of a frame");
    v("max_bytes", max_bytes, "largest file in bytes");
    v("max_packets", max_packets, "most packets of a file");
    v("max_decoded", max_decoded, "most pixels of all frames that are decoded for those taken");
  }
};

/// Which frames of a clip are taken, and what that may cost.
struct VideoOptions {
  double fps = 1;      ///< frames a second, taken at 0, 1 / fps, 2 / fps, ... (the paper's rate: 1)
  int64_t frames = 0;  ///< > 0: this many instead, at (i + 0.5) / frames of the clip's length
  bool seek = true;    ///< false decodes every frame from the first; the outcome is the same
  VideoLimits limits;
};

/// A frame as shown at one moment. Times count from the first frame that can be shown.
struct VideoFrame {
  double seconds = 0;        ///< the moment asked for
  double shown_seconds = 0;  ///< the frame's own time: the last one not after `seconds`
                             ///< (to the microsecond)
  Image image;               ///< RGB, upright (the file's rotation and mirroring applied)
};

/// An open clip of MP4/MOV, Matroska/WebM, AVI or GIF; nothing outside of its bytes is ever opened.
/// Its length is that of what can be decoded, and so are its moments.
///
/// Where the file has key frames and a time for every packet, frames are reached from the key frame
/// before them, so that few frames of a long clip cost little; elsewhere by decoding all.
class Video {
 public:
  /// Reads the packets' times and decodes the clip's two ends; the bytes must outlive it. `where`
  /// names the clip in errors. Throws Error: another format, no good frame, over a limit, fps or
  /// frames out of range.
  Video(std::span<const std::byte> bytes, std::string where, const VideoOptions& options = {});
  ~Video();
  Video(const Video&) = delete;
  Video& operator=(const Video&) = delete;

  /// When the last frame stops being shown.
  double seconds() const { return seconds_; }
  /// How many moments the options ask for, at least one.
  int64_t num_moments() const { return num_moments_; }
  /// Hands the frames of moments [first, first + count) to `take` in order, each as soon as it is
  /// decoded. Throws Error: over a limit, a range outside of [0, num_moments()).
  void read(int64_t first, int64_t count, const std::function<void(VideoFrame)>& take);
  /// Packets and frames seen so far that were left out because they were damaged.
  int64_t frames_bad() const;
  /// damage_text of what was seen so far.
  std::string damage() const;

 private:
  double moment(int64_t i) const;

  std::string where_;
  VideoOptions options_;
  std::unique_ptr<VideoReader> reader_;
  double seconds_ = 0;
  int64_t num_moments_ = 0;
};

/// The frames that were taken of a clip.
struct VideoClip {
  std::vector<VideoFrame> frames;  ///< in order, at least one
  double seconds = 0;              ///< Video::seconds
  int64_t frames_bad = 0;          ///< Video::frames_bad
};

/// All frames that the options ask for, in memory. Throws Error as Video does, and for more than
/// max_frames.
VideoClip decode_video(std::span<const std::byte> bytes, const std::string& where,
                       const VideoOptions& options = {});
/// Reads and decodes a file.
VideoClip load_video(const std::string& path, const VideoOptions& options = {});

/// What decoding every frame of a clip shows.
struct VideoCheck {
  int64_t frames = 0;      ///< good ones, at least one
  int64_t frames_bad = 0;  ///< packets and frames that are damaged
  bool cut_off = false;    ///< the file ends before its container says
  bool whole = true;       ///< false: max_decoded ended the check before the clip's end
};

/// "12 damaged frames were left out; the file is cut off", or empty for a sound clip.
std::string damage_text(int64_t frames_bad, bool cut_off);

/// Decodes a clip from end to end and keeps nothing. A long clip is checked as far as
/// limits.max_decoded goes. Throws Error as Video does.
VideoCheck check_video(std::span<const std::byte> bytes, const std::string& where,
                       const VideoLimits& limits = {});

/// RGB frames, all of the same even height and width, as MP4 bytes of `fps` frames a second; frame
/// i has the time i / fps. `codec`: an encoder of FFmpeg's, or "" for the first of libx264 (plays
/// in browsers) and mpeg4 that is there. Throws Error for unusable frames, rate or codec.
std::string encode_video(std::span<const Image> frames, double fps, const std::string& codec = "");

/// The same as a file, which appears whole or not at all.
void write_video(const std::string& path, std::span<const Image> frames, double fps,
                 const std::string& codec = "");

}  // namespace flamingo::media
