// Part of simd_kernels.inl: rows of depthwise convolutions.

/// kColumns pixels of kVectors vectors of channels, all of whose taps from `first_tap` to
/// `last_tap` lie within the row of x. A tap's weights are read once for all columns.
template <class V, int kVectors, int kColumns>
FLAMINGO_SIMD_INLINE void depthwise_block(const DepthwiseRow& row, int64_t column, int64_t channel,
                                          int64_t first_tap, int64_t last_tap, float* y) {
  typename V::F sums[kColumns][kVectors];
  for (int v = 0; v < kVectors; ++v) {
    for (int c = 0; c < kColumns; ++c) sums[c][v] = V::load(row.bias + channel + v * V::kLanes);
  }
  const int64_t begin = (column * row.stride - row.left) * row.channels + channel;
  const int64_t step = row.stride * row.channels;
  for (int64_t i = 0; i < row.kernel; ++i) {
    if (row.rows[i] == nullptr) continue;
    const float* taps = row.taps + (i * row.kernel + first_tap) * row.channels + channel;
    const float* x = row.rows[i] + begin + first_tap * row.channels;
    for (int64_t j = first_tap; j < last_tap; ++j, taps += row.channels, x += row.channels) {
      for (int v = 0; v < kVectors; ++v) {
        const typename V::F tap = V::load(taps + v * V::kLanes);
        for (int c = 0; c < kColumns; ++c)
          sums[c][v] = V::fma(V::load(x + c * step + v * V::kLanes), tap, sums[c][v]);
      }
    }
  }
  for (int c = 0; c < kColumns; ++c) {
    float* to = y + (column + c) * row.channels + channel;
    for (int v = 0; v < kVectors; ++v) {
      const typename V::F cut = V::max(sums[c][v], V::zero());
      V::store(to + v * V::kLanes, V::min(cut, V::set(row.most)));
    }
  }
}

/// All columns of kVectors vectors of channels.
template <class V, int kVectors>
FLAMINGO_SIMD void depthwise_channels(const DepthwiseRow& row, int64_t channel, float* y) {
  constexpr int kColumns = 4;
  int64_t column = 0;
  while (column < row.columns) {
    const int64_t begin = column * row.stride - row.left;
    const int64_t end = begin + (kColumns - 1) * row.stride + row.kernel;  // of four columns
    if (begin >= 0 && end <= row.width && column + kColumns <= row.columns) {
      depthwise_block<V, kVectors, kColumns>(row, column, channel, 0, row.kernel, y);
      column += kColumns;
    } else {
      const int64_t first = std::max<int64_t>(0, -begin);
      const int64_t last = std::min(row.kernel, row.width - begin);
      depthwise_block<V, kVectors, 1>(row, column, channel, first, last, y);
      ++column;
    }
  }
}

template <class V>
void depthwise_row(const DepthwiseRow& row, float* y) {
  int64_t channel = 0;
  for (; channel + 2 * V::kLanes <= row.channels; channel += 2 * V::kLanes)
    depthwise_channels<V, 2>(row, channel, y);
  for (; channel + V::kLanes <= row.channels; channel += V::kLanes)
    depthwise_channels<V, 1>(row, channel, y);
  for (; channel < row.channels; ++channel) {
    for (int64_t column = 0; column < row.columns; ++column)
      y[column * row.channels + channel] = depthwise_value(row, column, channel);
  }
}
