#include "flamingo/media/frame_image.h"

#include <cstring>

#include "flamingo/media/orientation.h"
#include "tests/media/media_testing.h"

namespace flamingo::media {
namespace {

/// Where a matrix puts the corner (x, y) of a picture of sides 1, each 0 or 1, around its middle.
std::pair<bool, bool> moved(const int32_t (&matrix)[9], int x, int y) {
  const int64_t from_x = 2 * x - 1, from_y = 2 * y - 1;
  return {matrix[0] * from_x + matrix[3] * from_y > 0, matrix[1] * from_x + matrix[4] * from_y > 0};
}

TEST(FrameImageTest, EveryQuarterTurnAndMirrorIsFound) {
  constexpr int32_t kOne = 1 << 16;
  for (const bool transposed : {false, true}) {
    for (const int32_t first : {kOne, -kOne}) {
      for (const int32_t second : {kOne, -kOne}) {
        const int32_t matrix[9] = {transposed ? 0 : first,
                                   transposed ? first : 0,
                                   0,
                                   transposed ? second : 0,
                                   transposed ? 0 : second,
                                   0,
                                   0,
                                   0,
                                   1 << 30};
        // 0 1
        // 2 3
        const Image image{2, 2, PixelMode::kGrey, {0, 1, 2, 3}, {}, {}};
        const Image upright = apply_orientation(image, matrix_orientation(matrix));
        for (int corner = 0; corner < 4; ++corner) {
          const auto [x, y] = moved(matrix, corner % 2, corner / 2);
          EXPECT_EQ(upright.pixels[2 * y + x], corner) << transposed << first << second;
        }
      }
    }
  }
}

TEST(FrameImageTest, OtherAnglesGoToTheNearestQuarter) {
  EXPECT_EQ(matrix_orientation({0, 0, 0, 0, 0, 0, 0, 0, 0}), 1);
  EXPECT_EQ(matrix_orientation({56756, 32768, 0, -32768, 56756, 0, 0, 0, 1 << 30}), 1);  // 30
  EXPECT_EQ(matrix_orientation({32768, 56756, 0, -56756, 32768, 0, 0, 0, 1 << 30}), 6);  // 60
  EXPECT_EQ(matrix_orientation({INT32_MIN, 0, 0, 0, INT32_MIN, 0, 0, 0, 0}), 3);
}

/// Display orientation SEI of H.264 and H.265: a decoder attaches them to each frame.
TEST(FrameImageTest, TheContainersMatrixGoesBeforeTheStreams) {
  constexpr int32_t kMirror[9] = {-(1 << 16), 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30};
  constexpr int32_t kFlip[9] = {1 << 16, 0, 0, 0, -(1 << 16), 0, 0, 0, 1 << 30};
  struct FreeFormat {
    void operator()(AVFormatContext* format) const { avformat_free_context(format); }
  };
  const std::unique_ptr<AVFormatContext, FreeFormat> format(avformat_alloc_context());
  AVStream* stream = avformat_new_stream(format.get(), nullptr);
  const FramePtr frame(av_frame_alloc());
  EXPECT_EQ(frame_orientation(*stream, *frame), 1);
  const auto* side =
      av_frame_new_side_data(frame.get(), AV_FRAME_DATA_DISPLAYMATRIX, sizeof(kMirror));
  std::memcpy(side->data, kMirror, sizeof(kMirror));
  EXPECT_EQ(frame_orientation(*stream, *frame), 2);
  uint8_t* data = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, sizeof(kFlip));
  std::memcpy(data, kFlip, sizeof(kFlip));
  EXPECT_EQ(frame_orientation(*stream, *frame), 4);
}

}  // namespace
}  // namespace flamingo::media
