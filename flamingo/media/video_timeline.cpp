#include "flamingo/media/video_timeline.h"

#include <algorithm>

namespace flamingo::media {
namespace {

constexpr int64_t kMostReordered = 16;  // frames that any codec here holds back

}  // namespace

void VideoTimeline::add(const AVPacket& packet) {
  const bool is_key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  if (is_key && first_key_ < 0) first_key_ = num_packets_;
  if (packet.pts == AV_NOPTS_VALUE) {
    timed_ = false;
  } else if (timed_) {
    const auto recent = times_.end() - std::min(std::ssize(times_), kMostReordered);
    const auto later =
        std::count_if(recent, times_.end(), [&](int64_t time) { return time > packet.pts; });
    reorder_depth_ = std::max(reorder_depth_, static_cast<int>(later));
    times_.push_back(packet.pts);
    if (is_key && (packet.flags & AV_PKT_FLAG_DISCARD) == 0)
      keys_.push_back({packet.pts, packet.dts, num_packets_});
  }
  ++num_packets_;
}

void VideoTimeline::finish() {
  std::ranges::sort(times_);
  timed_ = timed_ && std::ranges::adjacent_find(times_) == times_.end();
  times_ = {};
  if (!timed_ || !std::ranges::is_sorted(keys_, {}, &KeyPacket::pts)) keys_.clear();
}

size_t VideoTimeline::key_before(double pts) const {
  const auto after = std::ranges::upper_bound(
      keys_, pts, {}, [](const KeyPacket& key) { return static_cast<double>(key.pts); });
  return after == keys_.begin() ? 0 : static_cast<size_t>(after - keys_.begin() - 1);
}

const KeyPacket* VideoTimeline::key_at(int64_t index) const {
  const auto at = std::ranges::lower_bound(keys_, index, {}, &KeyPacket::index);
  return at != keys_.end() && at->index == index ? &*at : nullptr;
}

}  // namespace flamingo::media
