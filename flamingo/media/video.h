#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flamingo/media/image.h"

namespace flamingo {

/// What a clip may cost.
struct VideoLimits {
  int64_t max_frames = 256;                   ///< frames taken
  int64_t max_packets = 200'000;              ///< packets read
  uint64_t max_bytes = 256ull << 20;          ///< of the file
  uint64_t max_output_bytes = 1ull << 30;     ///< of all frames taken, as RGB
  ImageLimits frame = {8192, 36ll << 20, 0};  ///< of one frame; its max_bytes is not used
  double max_seconds = 10;                    ///< of wall-clock time
};

struct VideoOptions {
  double fps = 1;      ///< frames a second, taken at 0, 1 / fps, 2 / fps, ... (the paper's rate: 1)
  int64_t frames = 0;  ///< > 0: this many instead, at (i + 0.5) / frames of the clip's length
  VideoLimits limits;
};

/// A frame as shown at one moment. Times count from the first frame of the clip.
struct VideoFrame {
  double seconds = 0;        ///< the moment asked for
  double shown_seconds = 0;  ///< the frame's own time: the last one not after `seconds`
                             ///< (to the microsecond)
  Image image;               ///< RGB, upright (the file's rotation applied)
};

struct VideoClip {
  std::vector<VideoFrame> frames;  ///< in order, at least one
  double seconds = 0;              ///< the clip's length: when its last frame stops being shown
  int64_t frames_bad = 0;          ///< packets and frames left out because they were damaged
};

/// Decodes MP4/MOV, Matroska/WebM, AVI or GIF bytes; nothing outside of them is ever opened.
/// `where` names the clip in errors. Throws Error: another format, no good frame, over a limit,
/// fps or frames out of range. Cost: decodes the clip up to the last frame taken.
VideoClip decode_video(std::span<const std::byte> bytes, const std::string& where,
                       const VideoOptions& options = {});
/// Reads and decodes a file.
VideoClip load_video(const std::string& path, const VideoOptions& options = {});

/// RGB frames, all of the same even height and width, as MP4 bytes of `fps` frames a second; frame
/// i has the time i / fps. `codec`: an encoder of FFmpeg's, or "" for the first of libx264 (plays
/// in browsers) and mpeg4 that is there. Throws Error for unusable frames, rate or codec.
std::string encode_video(std::span<const Image> frames, double fps, const std::string& codec = "");

/// The same as a file, which appears whole or not at all.
void write_video(const std::string& path, std::span<const Image> frames, double fps,
                 const std::string& codec = "");

}  // namespace flamingo
