// Part of simd_kernels.inl: products of pixels' channels with one matrix.

/// kRows pixels from `x` times kVectors vectors of a panel, into y [., out].
template <class V, int kRows, int kVectors>
FLAMINGO_SIMD_INLINE void pixel_block(const PixelProduct& product, const float* x,
                                      const float* panel, const float* bias, float* y) {
  typename V::F sums[kRows][kVectors];
  for (int v = 0; v < kVectors; ++v) {
    for (int r = 0; r < kRows; ++r) sums[r][v] = V::load(bias + v * V::kLanes);
  }
  for (int64_t i = 0; i < product.in; ++i, panel += kPanel) {
    typename V::F weights[kVectors];
    for (int v = 0; v < kVectors; ++v) weights[v] = V::load(panel + v * V::kLanes);
    for (int r = 0; r < kRows; ++r) {
      const typename V::F value = V::set(x[r * product.in + i]);
      for (int v = 0; v < kVectors; ++v) sums[r][v] = V::fma(value, weights[v], sums[r][v]);
    }
  }
  const typename V::F least = V::set(product.least), most = V::set(product.most);
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v)
      V::store(y + r * product.out + v * V::kLanes, V::min(V::max(sums[r][v], least), most));
  }
}

/// Pixels [first, last) times kVectors vectors of a panel.
template <class V, int kVectors>
FLAMINGO_SIMD void pixel_rows(const PixelProduct& product, int64_t first, int64_t last,
                              int64_t output, float* y) {
  constexpr int kRows = 12 / kVectors;  // so many sums stay in registers
  const float* panel = product.panels + output / kPanel * product.in * kPanel + output % kPanel;
  const float* bias = product.bias + output;
  int64_t pixel = first;
  for (; pixel + kRows <= last; pixel += kRows)
    pixel_block<V, kRows, kVectors>(product, product.x + pixel * product.in, panel, bias,
                                    y + pixel * product.out + output);
  for (; pixel < last; ++pixel)
    pixel_block<V, 1, kVectors>(product, product.x + pixel * product.in, panel, bias,
                                y + pixel * product.out + output);
}

template <class V>
void pixel_product(const PixelProduct& product, float* y) {
  constexpr int kVectors = static_cast<int>(kPanel) / V::kLanes;
  constexpr int64_t kCached = 1 << 14;  // values of x that all panels read before the next ones
  const int64_t chunk = std::max<int64_t>(12, kCached / product.in / 12 * 12);
  for (int64_t first = 0; first < product.pixels; first += chunk) {
    const int64_t last = std::min(first + chunk, product.pixels);
    int64_t output = 0;
    for (; output + kPanel <= product.out; output += kPanel)
      pixel_rows<V, kVectors>(product, first, last, output, y);
    for (; output + V::kLanes <= product.out; output += V::kLanes)
      pixel_rows<V, 1>(product, first, last, output, y);
    for (; output < product.out; ++output) {
      for (int64_t pixel = first; pixel < last; ++pixel)
        y[pixel * product.out + output] = pixel_value(product, pixel, output);
    }
  }
}
