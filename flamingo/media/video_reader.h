#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/media/demuxer.h"
#include "flamingo/media/ffmpeg.h"
#include "flamingo/media/video.h"
#include "flamingo/media/video_timeline.h"

namespace flamingo::media {

/// VideoLimits::max_decoded is used up.
class OverBudget : public Error {
 public:
  using Error::Error;
};

/// A decoded frame and when it is shown, in seconds from the first frame.
struct TimedFrame {
  FramePtr frame;
  double seconds = 0;
  double end = 0;  ///< when it stops being shown; `seconds` if unknown
};

/// Reads the frames of one video stream from memory, in the order of display.
/// `bytes`, `where` and `limits` must outlive the reader. Every call throws Error once over a
/// limit.
class VideoReader {
 public:
  /// may_seek: whether approach and last may pass over frames. The frames are the same.
  VideoReader(std::span<const std::byte> bytes, const std::string& where, const VideoLimits& limits,
              bool may_seek);

  /// The next good frame, or nothing at the end. Damaged ones are counted and left out.
  std::optional<TimedFrame> next();
  /// Goes to where next() gives a frame that is shown at `seconds` or before. Where frames are at
  /// hand from which reading can `go_on`, only if that saves decoding, else always; returns
  /// whether.
  bool approach(double seconds, bool go_on);
  /// The clip's last good frame, given the one that next() gave last. next() gives nothing
  /// afterwards.
  TimedFrame last(TimedFrame current);
  /// Throws Error when a frame is larger than the limits allow: its own size may differ from the
  /// one that the file or the codec's header says.
  void check_size(const AVFrame& frame) const;
  /// The frame, of a size that check_size allows, as an upright RGB image.
  Image to_image(const AVFrame& frame) const;

  /// Packets and frames that were damaged, each counted once.
  int64_t num_bad() const { return std::ssize(bad_); }
  bool cut_off() const { return cut_off_; }

 private:
  void read_timeline();
  void restart();
  void jump(size_t key);
  void fall_back();
  void open_codec();
  bool read_packet();
  void send_packet();
  int64_t sent_time() const;
  FramePtr decode_next();
  bool receive_frame(AVFrame& frame);
  bool leads_group(int64_t pts) const;
  void count_bad(int64_t pts);
  void note_concealment();
  void spend();
  int64_t time_of(const AVFrame& frame) const;
  TimedFrame timed(FramePtr frame);
  double to_seconds(double ticks) const;

  std::span<const std::byte> bytes_;
  const std::string& where_;
  const VideoLimits& limits_;
  bool may_seek_;
  bool cut_off_;
  std::unique_ptr<Demuxer> demuxer_;
  VideoTimeline timeline_;
  CodecContextPtr codec_;
  PacketPtr packet_;
  std::optional<double> first_ticks_;
  std::optional<int> orientation_;  ///< as the clip's first frame has it, for all of them
  double last_end_ticks_ = 0;
  int64_t position_ = -1;          ///< of packet_ in the file
  std::optional<size_t> awaited_;  ///< key frame that must come out first
  int num_fallen_back_ = 0;        ///< in a row
  std::set<int64_t> bad_;          ///< times, or positions where not all packets have one
  std::set<int64_t> made_up_;      ///< byte positions of packets
  bool concealed_ = false;
  int64_t group_begin_ = 0;  ///< time of the last key frame that was sent
  int64_t decoded_ = 0;      ///< pixels
  bool draining_ = false;
  bool suspect_ = false;   ///< the decoder met damage, which may have changed it
  bool renewing_ = false;  ///< the decoder is drained to be replaced; packet_ is next
};

}  // namespace flamingo::media
