#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "flamingo/media/ffmpeg.h"
#include "flamingo/media/video.h"

namespace flamingo {

/// A decoded frame and when it is shown, in seconds from the first frame.
struct TimedFrame {
  FramePtr frame;
  double seconds = 0;
  double end = 0;  ///< when it stops being shown; `seconds` if unknown
};

/// Reads the frames of one video stream from memory, in the order of display.
/// `bytes` and `limits` must outlive the reader. Every call throws Error once over a limit.
class VideoReader {
 public:
  VideoReader(std::span<const std::byte> bytes, std::string where, const VideoLimits& limits);
  ~VideoReader();
  VideoReader(const VideoReader&) = delete;
  VideoReader& operator=(const VideoReader&) = delete;

  /// The next good frame, or nothing at the end. Damaged ones are counted and left out.
  std::optional<TimedFrame> next();
  /// The length of the clip in seconds by its packets, which are used up: no next() after it.
  double measure_length();
  /// The frame as an upright RGB image.
  Image to_image(const AVFrame& frame) const;

  int64_t num_bad() const { return num_bad_; }

 private:
  void close();
  void open_format();
  void open_codec();
  void check_deadline();
  bool read_packet();
  void send_packet();
  bool receive_frame(AVFrame& frame);
  TimedFrame timed(FramePtr frame);
  double to_seconds(double ticks) const;

  static int on_read(void* reader, uint8_t* target, int count);
  static int64_t on_seek(void* reader, int64_t offset, int whence);
  static int on_interrupt(void* reader);

  std::span<const std::byte> bytes_;
  std::string where_;
  const VideoLimits& limits_;
  std::chrono::steady_clock::time_point deadline_;
  int64_t position_ = 0;
  AVIOContext* io_ = nullptr;
  AVFormatContext* format_ = nullptr;
  AVStream* stream_ = nullptr;
  const AVCodec* decoder_ = nullptr;
  CodecContextPtr codec_;
  PacketPtr packet_;
  std::optional<double> first_ticks_;
  double last_end_ticks_ = 0;
  int64_t num_packets_ = 0;
  int64_t num_bad_ = 0;
  bool draining_ = false;
};

}  // namespace flamingo
