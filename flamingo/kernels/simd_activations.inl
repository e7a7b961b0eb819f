// Rows of activations, part of simd_kernels.inl (which says what V is). Bf16 is widened and rounded
// by plain loops, which the compiler makes vectors of.

constexpr int64_t kPiece = 256;  // values that are widened at once

/// Block of 32 values to 8-bit codes.
template <class V>
FLAMINGO_SIMD_INLINE void prepare_block(const float* values, int64_t block, InputBuffer& buffer) {
  typename V::F largest = V::zero();
  for (int i = 0; i < 32; i += V::kLanes) {
    largest = V::max(largest, V::abs(V::load(values + i)));
  }
  const float magnitude = V::largest(largest);
  const float inverse = magnitude > 0.0f ? 127.0f / magnitude : 0.0f;
  buffer.scales[block] = magnitude / 127.0f;
  for (int half = 0; half < 2; ++half) {
    typename V::F value_sum = V::zero();
    typename V::F code_sum = V::zero();
    for (int i = 16 * half; i < 16 * half + 16; i += V::kLanes) {
      const typename V::F value = V::load(values + i);
      const typename V::F code = V::round(V::mul(value, V::set(inverse)));
      V::store_codes(buffer.codes.data() + 32 * block + i, code);
      value_sum = V::add(value_sum, value);
      code_sum = V::add(code_sum, code);
    }
    buffer.value_sums[2 * block + half] = V::sum(value_sum);
    buffer.code_sums[2 * block + half] = static_cast<int32_t>(V::sum(code_sum));
  }
}

template <class V>
FLAMINGO_SIMD void prepare(int64_t cols, InputBuffer& buffer) {
  for (int64_t block = 0; block < cols / 32; ++block) {
    prepare_block<V>(buffer.values.data() + 32 * block, block, buffer);
  }
}

/// exp(x), x clamped to [-87, 88]; NaN stays NaN. exp(x) = 2^n exp(r), |r| <= ln(2) / 2.
template <class V>
FLAMINGO_SIMD_INLINE typename V::F exponential(typename V::F x) {
  x = V::min(V::set(88.0f), V::max(V::set(-87.0f), x));
  const typename V::F n = V::round(V::mul(x, V::set(1.44269504f)));
  typename V::F r = V::fma(n, V::set(-0.693359375f), x);
  r = V::fma(n, V::set(2.12194440e-4f), r);
  typename V::F series = V::set(1.0f / 5040.0f);
  series = V::fma(series, r, V::set(1.0f / 720.0f));
  series = V::fma(series, r, V::set(1.0f / 120.0f));
  series = V::fma(series, r, V::set(1.0f / 24.0f));
  series = V::fma(series, r, V::set(1.0f / 6.0f));
  series = V::fma(series, r, V::set(0.5f));
  series = V::fma(series, r, V::set(1.0f));
  series = V::fma(series, r, V::set(1.0f));
  return V::mul(series, V::power_of_two(n));
}

template <class V>
FLAMINGO_SIMD_INLINE float largest_of(const float* x, int64_t n) {
  const int64_t whole = n / V::kLanes * V::kLanes;
  float largest = x[0];
  if (whole > 0) {
    typename V::F lanes = V::load(x);
    for (int64_t i = V::kLanes; i < whole; i += V::kLanes) lanes = V::max(lanes, V::load(x + i));
    largest = V::largest(lanes);
  }
  for (int64_t i = whole; i < n; ++i) largest = std::max(largest, x[i]);
  return largest;
}

/// x[i] = exp(x[i] - shift) factor; the sum of exp(x[i] - shift).
template <class V>
FLAMINGO_SIMD_INLINE float scale_exponentials(float* x, float shift, float factor, int64_t n) {
  const int64_t whole = n / V::kLanes * V::kLanes;
  typename V::F lanes = V::zero();
  for (int64_t i = 0; i < whole; i += V::kLanes) {
    const typename V::F value = exponential<V>(V::sub(V::load(x + i), V::set(shift)));
    lanes = V::add(lanes, value);
    V::store(x + i, V::mul(value, V::set(factor)));
  }
  float sum = V::sum(lanes);
  for (int64_t i = whole; i < n; ++i) {
    const float value = std::exp(x[i] - shift);
    sum += value;
    x[i] = value * factor;
  }
  return sum;
}

template <class V>
FLAMINGO_SIMD void softmax(float* x, int64_t n) {
  const int64_t whole = n / V::kLanes * V::kLanes;
  const float inverse = 1.0f / scale_exponentials<V>(x, largest_of<V>(x, n), 1.0f, n);
  for (int64_t i = 0; i < whole; i += V::kLanes) {
    V::store(x + i, V::mul(V::load(x + i), V::set(inverse)));
  }
  for (int64_t i = whole; i < n; ++i) x[i] *= inverse;
}

template <class V>
FLAMINGO_SIMD void softmax_bf16(const uint16_t* scores, const float* bias, int64_t n,
                                float* scratch, uint16_t* weights) {
  if (bias == nullptr) {
    for (int64_t i = 0; i < n; ++i) scratch[i] = bf16_to_float(scores[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) scratch[i] = bf16_to_float(scores[i]) + bias[i];
  }
  softmax<V>(scratch, n);
  for (int64_t i = 0; i < n; ++i) weights[i] = float_to_bf16(scratch[i]);
}

/// 1 / (1 + exp(-x)).
template <class V>
FLAMINGO_SIMD_INLINE typename V::F sigmoid(typename V::F x) {
  const typename V::F one = V::set(1.0f);
  return V::div(one, V::add(one, exponential<V>(V::sub(V::zero(), x))));
}

template <class V>
FLAMINGO_SIMD void swiglu(float* gate, const float* up, int64_t n) {
  const int64_t whole = n / V::kLanes * V::kLanes;
  for (int64_t i = 0; i < whole; i += V::kLanes) {
    const typename V::F value = V::load(gate + i);
    V::store(gate + i, V::mul(V::mul(value, sigmoid<V>(value)), V::load(up + i)));
  }
  for (int64_t i = whole; i < n; ++i) gate[i] = gate[i] / (1.0f + std::exp(-gate[i])) * up[i];
}

template <class V>
FLAMINGO_SIMD void swiglu_bf16(const uint16_t* gate, const uint16_t* up, int64_t n, uint16_t* y) {
  float product[kPiece];
  float factor[kPiece];
  for (int64_t done = 0; done < n; done += kPiece) {
    const int64_t count = std::min(kPiece, n - done);
    for (int64_t i = 0; i < count; ++i) product[i] = bf16_to_float(gate[done + i]);
    for (int64_t i = 0; i < count; ++i) factor[i] = bf16_to_float(up[done + i]);
    swiglu<V>(product, factor, count);
    for (int64_t i = 0; i < count; ++i) y[done + i] = float_to_bf16(product[i]);
  }
}

template <class V>
FLAMINGO_SIMD void rms_norm_bf16(const uint16_t* x, const float* weight, float eps, int64_t n,
                                 uint16_t* y) {
  const auto* bytes = reinterpret_cast<const std::byte*>(x);
  const int64_t whole = n / V::kLanes * V::kLanes;
  typename V::F lanes = V::zero();
  for (int64_t i = 0; i < whole; i += V::kLanes) {
    const typename V::F values = V::load_bf16(bytes + 2 * i);
    lanes = V::fma(values, values, lanes);
  }
  float squares = V::sum(lanes);
  for (int64_t i = whole; i < n; ++i) squares += bf16_to_float(x[i]) * bf16_to_float(x[i]);
  const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(n) + eps);
  for (int64_t i = 0; i < n; ++i) y[i] = float_to_bf16(bf16_to_float(x[i]) * inverse * weight[i]);
}

// ---- gradients ----------------------------------------------------------------------------------

template <class V>
FLAMINGO_SIMD void softmax_gradient_bf16(const uint16_t* weights, const uint16_t* dy, int64_t n,
                                         uint16_t* dx) {
  const auto* weight_bytes = reinterpret_cast<const std::byte*>(weights);
  const auto* dy_bytes = reinterpret_cast<const std::byte*>(dy);
  const int64_t whole = n / V::kLanes * V::kLanes;
  typename V::F lanes = V::zero();
  for (int64_t i = 0; i < whole; i += V::kLanes)
    lanes = V::fma(V::load_bf16(weight_bytes + 2 * i), V::load_bf16(dy_bytes + 2 * i), lanes);
  float mean = V::sum(lanes);
  for (int64_t i = whole; i < n; ++i) mean += bf16_to_float(weights[i]) * bf16_to_float(dy[i]);
  for (int64_t i = 0; i < n; ++i)
    dx[i] = float_to_bf16(bf16_to_float(weights[i]) * (bf16_to_float(dy[i]) - mean));
}

/// sigmoids[i] = sigmoid(x[i]).
template <class V>
FLAMINGO_SIMD_INLINE void sigmoids_of(const float* x, int64_t n, float* sigmoids) {
  const int64_t whole = n / V::kLanes * V::kLanes;
  for (int64_t i = 0; i < whole; i += V::kLanes) V::store(sigmoids + i, sigmoid<V>(V::load(x + i)));
  for (int64_t i = whole; i < n; ++i) sigmoids[i] = 1.0f / (1.0f + std::exp(-x[i]));
}

template <class V>
FLAMINGO_SIMD void swiglu_gradient_bf16(const uint16_t* gate, const uint16_t* up,
                                        const uint16_t* dy, int64_t n, uint16_t* dgate,
                                        uint16_t* dup) {
  float gates[kPiece];
  float sigmoids[kPiece];
  for (int64_t done = 0; done < n; done += kPiece) {
    const int64_t count = std::min(kPiece, n - done);
    for (int64_t i = 0; i < count; ++i) gates[i] = bf16_to_float(gate[done + i]);
    sigmoids_of<V>(gates, count, sigmoids);
    for (int64_t i = 0; i < count; ++i) {
      const float silu = gates[i] * sigmoids[i];
      dup[done + i] = float_to_bf16(bf16_to_float(dy[done + i]) * silu);
      const float slope = sigmoids[i] + silu * (1.0f - sigmoids[i]);
      const float outer = bf16_to_float(dy[done + i]) * bf16_to_float(up[done + i]);
      dgate[done + i] = float_to_bf16(outer * slope);
    }
  }
}

template <class V>
FLAMINGO_SIMD void rms_norm_gradient_bf16(const uint16_t* x, const float* weight,
                                          const uint16_t* dy, float eps, int64_t n, uint16_t* dx) {
  const auto* x_bytes = reinterpret_cast<const std::byte*>(x);
  const auto* dy_bytes = reinterpret_cast<const std::byte*>(dy);
  const int64_t whole = n / V::kLanes * V::kLanes;
  typename V::F square_lanes = V::zero();
  typename V::F dot_lanes = V::zero();
  for (int64_t i = 0; i < whole; i += V::kLanes) {
    const typename V::F value = V::load_bf16(x_bytes + 2 * i);
    const typename V::F outer = V::mul(V::load_bf16(dy_bytes + 2 * i), V::load(weight + i));
    square_lanes = V::fma(value, value, square_lanes);
    dot_lanes = V::fma(value, outer, dot_lanes);
  }
  float squares = V::sum(square_lanes);
  float dot = V::sum(dot_lanes);
  for (int64_t i = whole; i < n; ++i) {
    squares += bf16_to_float(x[i]) * bf16_to_float(x[i]);
    dot += bf16_to_float(x[i]) * bf16_to_float(dy[i]) * weight[i];
  }
  const auto width = static_cast<float>(n);
  const float inverse = 1.0f / std::sqrt(squares / width + eps);
  const float along = inverse * inverse * dot / width;
  for (int64_t i = 0; i < n; ++i) {
    const float outer = bf16_to_float(dy[i]) * weight[i];
    dx[i] = float_to_bf16(inverse * (outer - bf16_to_float(x[i]) * along));
  }
}

// ---- of either type -----------------------------------------------------------------------------

FLAMINGO_SIMD_INLINE float value_of(float x) { return x; }
FLAMINGO_SIMD_INLINE float value_of(uint16_t x) { return bf16_to_float(x); }
FLAMINGO_SIMD_INLINE void assign(float value, float& y) { y = value; }
FLAMINGO_SIMD_INLINE void assign(float value, uint16_t& y) { y = float_to_bf16(value); }

template <class V, class E>
FLAMINGO_SIMD void rotate(const E* x, const E* cos, const E* sin, int64_t n, E* y) {
  const int64_t half = n / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float first = value_of(x[i]), second = value_of(x[half + i]);
    assign(first * value_of(cos[i]) + second * value_of(sin[i]), y[i]);
    assign(second * value_of(cos[half + i]) + first * value_of(sin[half + i]), y[half + i]);
  }
}

template <class V, class E>
FLAMINGO_SIMD LogSumExp log_sum_exp(const E* x, int64_t n) {
  float values[kPiece];
  LogSumExp result{.value = 0.0f, .largest = -std::numeric_limits<float>::infinity(), .at = 0};
  for (int64_t done = 0; done < n; done += kPiece) {
    const int64_t count = std::min(kPiece, n - done);
    for (int64_t i = 0; i < count; ++i) values[i] = value_of(x[done + i]);
    const float largest = largest_of<V>(values, count);
    if (!(largest > result.largest)) continue;
    result.largest = largest;
    result.at = done + (std::find(values, values + count, largest) - values);
  }
  float sum = 0.0f;
  for (int64_t done = 0; done < n; done += kPiece) {
    const int64_t count = std::min(kPiece, n - done);
    for (int64_t i = 0; i < count; ++i) values[i] = value_of(x[done + i]);
    sum += scale_exponentials<V>(values, result.largest, 1.0f, count);
  }
  result.value = result.largest + std::log(sum);
  return result;
}

template <class V, class E>
FLAMINGO_SIMD void scaled_exp(const E* x, float shift, float factor, int64_t n, E* y) {
  float values[kPiece];
  for (int64_t done = 0; done < n; done += kPiece) {
    const int64_t count = std::min(kPiece, n - done);
    for (int64_t i = 0; i < count; ++i) values[i] = value_of(x[done + i]);
    scale_exponentials<V>(values, shift, factor, count);
    for (int64_t i = 0; i < count; ++i) assign(values[i], y[done + i]);
  }
}

template <class V>
void fill_activations(Kernels& table) {
  table.prepare = prepare<V>;
  table.softmax = softmax<V>;
  table.softmax_bf16 = softmax_bf16<V>;
  table.softmax_gradient_bf16 = softmax_gradient_bf16<V>;
  table.swiglu = swiglu<V>;
  table.swiglu_bf16 = swiglu_bf16<V>;
  table.swiglu_gradient_bf16 = swiglu_gradient_bf16<V>;
  table.rms_norm_bf16 = rms_norm_bf16<V>;
  table.rms_norm_gradient_bf16 = rms_norm_gradient_bf16<V>;
  table.rotate = rotate<V, float>;
  table.rotate_bf16 = rotate<V, uint16_t>;
  table.log_sum_exp = log_sum_exp<V, float>;
  table.log_sum_exp_bf16 = log_sum_exp<V, uint16_t>;
  table.scaled_exp = scaled_exp<V, float>;
  table.scaled_exp_bf16 = scaled_exp<V, uint16_t>;
}
