#include "flamingo/media/video_timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace flamingo::media {
namespace {

/// A timeline of packets with these times, of which those at `keys` are key frames.
VideoTimeline timeline(const std::vector<int64_t>& times, const std::vector<size_t>& keys,
                       const std::vector<size_t>& hidden = {}) {
  VideoTimeline result;
  const PacketPtr packet(av_packet_alloc());
  for (size_t i = 0; i < times.size(); ++i) {
    packet->pts = times[i];
    packet->flags = std::ranges::count(keys, i) > 0 ? AV_PKT_FLAG_KEY : 0;
    if (std::ranges::count(hidden, i) > 0) packet->flags |= AV_PKT_FLAG_DISCARD;
    result.add(*packet);
  }
  result.finish();
  return result;
}

TEST(VideoTimelineTest, FindsTheKeyFrameBefore) {
  const VideoTimeline t = timeline({0, 4, 2, 1, 3, 10, 7, 20}, {0, 5, 7});
  ASSERT_EQ(t.keys().size(), 3u);
  EXPECT_EQ(t.keys()[1].pts, 10);
  EXPECT_EQ(t.keys()[1].index, 5);
  const double times[] = {-5, 0, 9.5, 10, 19, 20, 1e300};
  const size_t keys[] = {0, 0, 0, 1, 1, 2, 2};
  for (int i = 0; i < 7; ++i) EXPECT_EQ(t.key_before(times[i]), keys[i]) << times[i];
}

TEST(VideoTimelineTest, FindsTheKeyFrameAtAPlace) {
  const VideoTimeline t = timeline({0, 4, 2, 1, 3, 10, 7, 20}, {0, 5, 7});
  for (int64_t i = -1; i <= 8; ++i) {
    const KeyPacket* key = t.key_at(i);
    ASSERT_EQ(key != nullptr, i == 0 || i == 5 || i == 7) << i;
    EXPECT_EQ(key != nullptr ? key->index : i, i);
  }
  EXPECT_EQ(timeline({0, 1, 1}, {0}).key_at(0), nullptr);
}

TEST(VideoTimelineTest, MeasuresTheReordering) {
  EXPECT_EQ(timeline({0, 1, 2, 3}, {0}).reorder_depth(), 0);
  EXPECT_EQ(timeline({0, 2, 1, 4, 3}, {0}).reorder_depth(), 1);
  EXPECT_EQ(timeline({0, 4, 2, 1, 3, 8, 6, 5, 7}, {0}).reorder_depth(), 2);
}

TEST(VideoTimelineTest, TimesMustBeWholeAndDifferent) {
  EXPECT_TRUE(timeline({0, 2, 1}, {0}).is_timed());
  for (const auto& times : {std::vector<int64_t>{0, AV_NOPTS_VALUE, 1}, {0, 1, 1}}) {
    EXPECT_FALSE(timeline(times, {0}).is_timed());
    EXPECT_TRUE(timeline(times, {0}).keys().empty());
  }
  EXPECT_TRUE(timeline({10, 0, 1}, {0, 1}).keys().empty()) << "key frames out of order";
}

TEST(VideoTimelineTest, NothingBeforeTheFirstKeyFrameCanBeDecoded) {
  EXPECT_EQ(timeline({0, 1, 2, 3}, {2}).num_undecodable(), 2);
  EXPECT_EQ(timeline({0, 1, 2, 3}, {}).num_undecodable(), 0);
  const VideoTimeline hidden = timeline({0, 1, 2, 3}, {0, 2}, {0, 1});
  EXPECT_EQ(hidden.num_undecodable(), 0);
  EXPECT_EQ(hidden.keys().size(), 1u);
}

}  // namespace
}  // namespace flamingo::media
