#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "flamingo/media/ffmpeg.h"

namespace flamingo::media {

/// A key frame's packet.
struct KeyPacket {
  int64_t pts = 0;
  int64_t dts = 0;    ///< AV_NOPTS_VALUE where the container has none
  int64_t index = 0;  ///< in the order of the file, from 0
};

/// The times of a stream's packets, found without decoding.
class VideoTimeline {
 public:
  /// The next packet of the file.
  void add(const AVPacket& packet);
  /// After the last one.
  void finish();

  /// Packets in front of the first key frame, of which none can be decoded; 0 without key frames.
  int64_t num_undecodable() const { return first_key_ < 0 ? 0 : first_key_; }
  /// Whether every packet has a time and no two have the same.
  bool is_timed() const { return timed_; }
  /// Most frames that are shown after one which is after them in the file; needs is_timed().
  int reorder_depth() const { return reorder_depth_; }
  /// Key frames that are shown and from which decoding can begin, by time and so by place; empty
  /// where that cannot be told.
  const std::vector<KeyPacket>& keys() const { return keys_; }
  /// The last of keys() not after `pts`, or the first one. There must be one.
  size_t key_before(double pts) const;
  /// The one of keys() that is packet `index` of the file, or null.
  const KeyPacket* key_at(int64_t index) const;

 private:
  std::vector<int64_t> times_;  ///< in the order of the file
  std::vector<KeyPacket> keys_;
  int64_t first_key_ = -1;
  int64_t num_packets_ = 0;
  int reorder_depth_ = 0;
  bool timed_ = true;
};

}  // namespace flamingo::media
