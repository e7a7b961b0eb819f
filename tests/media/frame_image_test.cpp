#include "flamingo/media/frame_image.h"

#include "flamingo/media/orientation.h"
#include "tests/media/media_testing.h"

namespace flamingo {
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

}  // namespace
}  // namespace flamingo
