#pragma once

#include <algorithm>
#include <cstdint>

namespace flamingo::kernels {

/// What one row of a depthwise convolution's output is made of. Pixels lie channel by channel.
struct DepthwiseRow {
  const float* const* rows = nullptr;  ///< [kernel] rows of x [width, channels]; null: zeros
  const float* taps = nullptr;         ///< [kernel, kernel, channels]
  const float* bias = nullptr;         ///< [channels]
  int64_t kernel = 0;                  ///< side in pixels
  int64_t stride = 1;                  ///< in pixels
  int64_t left = 0;                    ///< zeros before each row
  int64_t width = 0;                   ///< pixels of a row of x
  int64_t columns = 0;                 ///< pixels of the row of y
  int64_t channels = 0;
  float most = 0;  ///< results are cut off at 0 and here
};

/// One value of the row; the definition of Kernels::depthwise_row.
inline float depthwise_value(const DepthwiseRow& row, int64_t column, int64_t channel) {
  const int64_t begin = column * row.stride - row.left;
  float sum = row.bias[channel];
  for (int64_t i = 0; i < row.kernel; ++i) {
    if (row.rows[i] == nullptr) continue;
    for (int64_t j = 0; j < row.kernel; ++j) {
      if (begin + j < 0 || begin + j >= row.width) continue;
      sum += row.rows[i][(begin + j) * row.channels + channel] *
             row.taps[(i * row.kernel + j) * row.channels + channel];
    }
  }
  return std::min(std::max(sum, 0.0F), row.most);
}

}  // namespace flamingo::kernels
