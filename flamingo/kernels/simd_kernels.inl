// The vector kernels, written once for all widths. A source file per instruction set includes this
// after defining FLAMINGO_SIMD (the target attribute) and a class V of inline vector operations:
// V::kLanes floats (V::F) or as many 32-bit integers (V::I), see kernels_avx2.cpp.
// No include guard and no namespace of its own: everything is a template on V.

namespace flamingo::kernels {
namespace {

// ---- plain weights ------------------------------------------------------------------------------

template <class V, BlockType kType>
FLAMINGO_SIMD_INLINE typename V::F load_elements(const std::byte* at) {
  if constexpr (kType == BlockType::kF32) {
    return V::load(reinterpret_cast<const float*>(at));
  } else if constexpr (kType == BlockType::kF16) {
    return V::load_f16(at);
  } else {
    return V::load_bf16(at);
  }
}

template <BlockType kType>
constexpr int64_t kElementBytes = kType == BlockType::kF32 ? 4 : 2;

/// Element i as a float, for the columns that do not fill a vector.
template <BlockType kType>
inline float element_at(const std::byte* row, int64_t i) {
  const std::byte* at = row + i * kElementBytes<kType>;
  if constexpr (kType == BlockType::kF32) {
    return load_unaligned<float>(at);
  } else if constexpr (kType == BlockType::kF16) {
    return f16_to_float(load_unaligned<uint16_t>(at));
  } else {
    return bf16_to_float(load_unaligned<uint16_t>(at));
  }
}

/// sum + the product of one vector of weights with x.
template <class V, BlockType kType>
FLAMINGO_SIMD_INLINE typename V::F add_product(const std::byte* weights, const float* x,
                                               typename V::F sum) {
  return V::fma(load_elements<V, kType>(weights), V::load(x), sum);
}

/// One row after the other, so that memory is one stream: the processor's own prefetching then
/// reaches the read roof, which two rows side by side or prefetch instructions do not (bf16, 576
/// columns: 38 GB/s of 38 against 24).
template <class V, BlockType kType>
FLAMINGO_SIMD void row_products(const std::byte* weights, int64_t rows, int64_t cols,
                                const float* x, float* y) {
  constexpr int kSums = 4;
  constexpr int64_t kVectorBytes = V::kLanes * kElementBytes<kType>;
  for (int64_t r = 0; r < rows; ++r) {
    const std::byte* row = weights + r * cols * kElementBytes<kType>;
    const std::byte* at = row;
    typename V::F sums[kSums] = {V::zero(), V::zero(), V::zero(), V::zero()};
    int64_t c = 0;
    for (; c + kSums * V::kLanes <= cols; c += kSums * V::kLanes) {
      for (int v = 0; v < kSums; ++v, at += kVectorBytes) {
        sums[v] = add_product<V, kType>(at, x + c + v * V::kLanes, sums[v]);
      }
    }
    for (; c + V::kLanes <= cols; c += V::kLanes, at += kVectorBytes) {
      sums[0] = add_product<V, kType>(at, x + c, sums[0]);
    }
    y[r] = V::sum(V::add(V::add(sums[0], sums[1]), V::add(sums[2], sums[3])));
    for (; c < cols; ++c) y[r] += element_at<kType>(row, c) * x[c];
  }
}

/// kVectors * V::kLanes columns of a mixture, kept in registers over all rows.
template <class V, BlockType kType, int kVectors>
FLAMINGO_SIMD_INLINE void mix_columns(const std::byte* weights, int64_t rows, int64_t stride,
                                      const float* x, float* y) {
  typename V::F sums[kVectors];
  for (int v = 0; v < kVectors; ++v) sums[v] = V::zero();
  for (int64_t r = 0; r < rows; ++r) {
    const typename V::F factor = V::set(x[r]);
    const std::byte* row = weights + r * stride;
    for (int v = 0; v < kVectors; ++v) {
      const std::byte* at = row + v * V::kLanes * kElementBytes<kType>;
      sums[v] = V::fma(load_elements<V, kType>(at), factor, sums[v]);
    }
  }
  for (int v = 0; v < kVectors; ++v) V::store(y + v * V::kLanes, sums[v]);
}

template <class V, BlockType kType>
FLAMINGO_SIMD void weighted_sum(const std::byte* weights, int64_t rows, int64_t cols,
                                const float* x, float* y) {
  const int64_t stride = cols * kElementBytes<kType>;
  int64_t c = 0;
  for (; c + 4 * V::kLanes <= cols; c += 4 * V::kLanes) {
    mix_columns<V, kType, 4>(weights + c * kElementBytes<kType>, rows, stride, x, y + c);
  }
  for (; c + V::kLanes <= cols; c += V::kLanes) {
    mix_columns<V, kType, 1>(weights + c * kElementBytes<kType>, rows, stride, x, y + c);
  }
  for (; c < cols; ++c) {
    float sum = 0.0f;
    for (int64_t r = 0; r < rows; ++r) sum += x[r] * element_at<kType>(weights + r * stride, c);
    y[c] = sum;
  }
}

// ---- tiles --------------------------------------------------------------------------------------

/// One group of a tile, seen by the V::kLanes rows that start at `row`.
template <class V, CodeTraits kTraits>
struct TileGroup {
  static constexpr TileLayout kLayout = tile_layout(kTraits);
  const std::byte* at;
  int row;

  FLAMINGO_SIMD_INLINE typename V::F scale() const { return load_scales(at); }
  FLAMINGO_SIMD_INLINE typename V::F offset() const { return load_scales(at + kLayout.offset_at); }

  /// Line kLine of the codes, one row a lane.
  template <int kLine>
  FLAMINGO_SIMD_INLINE typename V::I line() const {
    return V::load_bytes(at + kLayout.codes_at + 64 * kLine + 4 * row);
  }

  /// Unsigned codes of columns 4 * kQuad .. 4 * kQuad + 3, one column a byte, one row a lane.
  template <int kQuad>
  FLAMINGO_SIMD_INLINE typename V::I codes() const {
    if constexpr (kTraits.bits == 8) {
      return line<kQuad>();
    } else {
      const typename V::I bytes = line<kQuad / 2>();
      const typename V::I nibbles = kQuad % 2 == 0 ? V::low_nibbles(bytes) : V::high_nibbles(bytes);
      if constexpr (kTraits.bits == 4) return nibbles;
      return V::add_fifth_bits(nibbles, at + kLayout.fifth_at + 8 * kQuad + row / 2);
    }
  }

 private:
  FLAMINGO_SIMD_INLINE typename V::F load_scales(const std::byte* scales) const {
    const std::byte* first = scales + row * kLayout.scale_bytes;
    if constexpr (kTraits.half_scale) return V::load_f16(first);
    return V::load(reinterpret_cast<const float*>(first));
  }
};

/// Sum of `part` (16 values or codes each) over the columns of group g.
template <CodeTraits kTraits, class T>
inline T group_sum(const T* sums, int64_t g) {
  if constexpr (kTraits.group == 16) return sums[g];
  return sums[2 * g] + sums[2 * g + 1];
}

/// Integer products of one group: sum_c code[r, c] x[c], the zero point subtracted.
template <class V, CodeTraits kTraits, int... kQuads>
FLAMINGO_SIMD_INLINE typename V::I integer_products(const TileGroup<V, kTraits>& group,
                                                    const int8_t* x, int32_t x_sum,
                                                    std::integer_sequence<int, kQuads...>) {
  typename V::I sum = V::set_int(-kTraits.zero_point * x_sum);
  ((sum = V::template dot<kTraits.bits>(sum, group.template codes<kQuads>(),
                                        V::broadcast_quad(x + 4 * kQuads))),
   ...);
  return sum;
}

template <class V, size_t kIndex>
FLAMINGO_SIMD void tile_int8(const std::byte* tile, int64_t groups, const InputView& x, float* y) {
  constexpr CodeTraits kTraits = kQuantisedTypes[kIndex].traits;
  constexpr int kGroupBytes = tile_layout(kTraits).bytes;
  for (int row = 0; row < kTileRows; row += V::kLanes) {
    typename V::F sum = V::zero();
    for (int64_t g = 0; g < groups; ++g) {
      const TileGroup<V, kTraits> group{tile + g * kGroupBytes, row};
      const float x_scale = x.scales[g * kTraits.group / 32];
      const int32_t x_sum = group_sum<kTraits>(x.code_sums, g);
      const typename V::I products =
          integer_products(group, x.codes + g * kTraits.group, x_sum,
                           std::make_integer_sequence<int, kTraits.group / 4>());
      sum = V::fma(V::mul(group.scale(), V::set(x_scale)), V::to_float(products), sum);
      if constexpr (kTraits.has_offset) {
        sum = V::fma(group.offset(), V::set(x_scale * static_cast<float>(x_sum)), sum);
      }
    }
    V::store(y + row, sum);
  }
}

/// Code of column 4 * kQuad + kByte of every row as a float, the zero point subtracted. `bits`
/// holds what TileGroup::codes gives for the quad, or the raw line where the vectors can look
/// nibbles up.
template <class V, CodeTraits kTraits, int kQuad, int kByte>
FLAMINGO_SIMD_INLINE typename V::F code_value(typename V::I bits) {
  if constexpr (V::kLooksUpNibbles && kTraits.bits == 4) {
    return V::template nibble<8 * kByte + 4 * (kQuad % 2), kTraits.zero_point>(bits);
  } else {
    return V::template code<kByte, kTraits.zero_point>(bits);
  }
}

/// The argument of code_value for one quad.
template <class V, CodeTraits kTraits, int kQuad>
FLAMINGO_SIMD_INLINE typename V::I code_bits(const TileGroup<V, kTraits>& group) {
  if constexpr (V::kLooksUpNibbles && kTraits.bits == 4) {
    return group.template line<kQuad / 2>();
  } else {
    return group.template codes<kQuad>();
  }
}

/// sums[j] += code[r, 4q + j] x[4q + j], the zero point subtracted.
template <class V, CodeTraits kTraits, int kQuad>
FLAMINGO_SIMD_INLINE void float_products(const TileGroup<V, kTraits>& group, const float* x,
                                         typename V::F (&sums)[4]) {
  const typename V::I bits = code_bits<V, kTraits, kQuad>(group);
  const float* input = x + 4 * kQuad;
  sums[0] = V::fma(code_value<V, kTraits, kQuad, 0>(bits), V::set(input[0]), sums[0]);
  sums[1] = V::fma(code_value<V, kTraits, kQuad, 1>(bits), V::set(input[1]), sums[1]);
  sums[2] = V::fma(code_value<V, kTraits, kQuad, 2>(bits), V::set(input[2]), sums[2]);
  sums[3] = V::fma(code_value<V, kTraits, kQuad, 3>(bits), V::set(input[3]), sums[3]);
}

template <class V, CodeTraits kTraits, int... kQuads>
FLAMINGO_SIMD_INLINE typename V::F float_products_of_group(const TileGroup<V, kTraits>& group,
                                                           const float* x,
                                                           std::integer_sequence<int, kQuads...>) {
  typename V::F sums[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
  (float_products<V, kTraits, kQuads>(group, x, sums), ...);
  return V::add(V::add(sums[0], sums[1]), V::add(sums[2], sums[3]));
}

template <class V, size_t kIndex>
FLAMINGO_SIMD void tile_exact(const std::byte* tile, int64_t groups, const InputView& x, float* y) {
  constexpr CodeTraits kTraits = kQuantisedTypes[kIndex].traits;
  constexpr int kGroupBytes = tile_layout(kTraits).bytes;
  for (int row = 0; row < kTileRows; row += V::kLanes) {
    typename V::F sum = V::zero();
    for (int64_t g = 0; g < groups; ++g) {
      const TileGroup<V, kTraits> group{tile + g * kGroupBytes, row};
      const typename V::F products =
          float_products_of_group(group, x.values + g * kTraits.group,
                                  std::make_integer_sequence<int, kTraits.group / 4>());
      sum = V::fma(group.scale(), products, sum);
      if constexpr (kTraits.has_offset) {
        sum = V::fma(group.offset(), V::set(group_sum<kTraits>(x.value_sums, g)), sum);
      }
    }
    V::store(y + row, sum);
  }
}

/// columns[4q + j][r] = scale[r] code[r, 4q + j] + offset[r], the zero point subtracted. The
/// product is exact in float32 for every type, so that the fused addition rounds like a plain one.
template <class V, CodeTraits kTraits, int kQuad>
FLAMINGO_SIMD_INLINE void decode_quad(const TileGroup<V, kTraits>& group, typename V::F scale,
                                      typename V::F offset, float (*columns)[kTileRows]) {
  const typename V::I bits = code_bits<V, kTraits, kQuad>(group);
  float* out = columns[4 * kQuad] + group.row;
  V::store(out, V::fma(scale, code_value<V, kTraits, kQuad, 0>(bits), offset));
  V::store(out + kTileRows, V::fma(scale, code_value<V, kTraits, kQuad, 1>(bits), offset));
  V::store(out + 2 * kTileRows, V::fma(scale, code_value<V, kTraits, kQuad, 2>(bits), offset));
  V::store(out + 3 * kTileRows, V::fma(scale, code_value<V, kTraits, kQuad, 3>(bits), offset));
}

/// All columns of one group, for the V::kLanes rows of `group`.
template <class V, CodeTraits kTraits, int... kQuads>
FLAMINGO_SIMD_INLINE void decode_group(const TileGroup<V, kTraits>& group,
                                       float (*columns)[kTileRows],
                                       std::integer_sequence<int, kQuads...>) {
  const typename V::F scale = group.scale();
  typename V::F offset = V::zero();
  if constexpr (kTraits.has_offset) offset = group.offset();
  (decode_quad<V, kTraits, kQuads>(group, scale, offset, columns), ...);
}

template <class V, size_t kIndex>
FLAMINGO_SIMD void tile_decode(const std::byte* tile, int64_t groups, float* values) {
  constexpr CodeTraits kTraits = kQuantisedTypes[kIndex].traits;
  const int64_t cols = groups * kTraits.group;
  float columns[kTraits.group][kTileRows];
  for (int64_t g = 0; g < groups; ++g) {
    for (int row = 0; row < kTileRows; row += V::kLanes) {
      const TileGroup<V, kTraits> group{tile + g * tile_layout(kTraits).bytes, row};
      decode_group(group, columns, std::make_integer_sequence<int, kTraits.group / 4>());
    }
    for (int r = 0; r < kTileRows; ++r) {
      float* out = values + r * cols + g * kTraits.group;
      for (int c = 0; c < kTraits.group; ++c) out[c] = columns[c][r];
    }
  }
}

#include "flamingo/kernels/simd_activations.inl"
#include "flamingo/kernels/simd_depthwise.inl"
#include "flamingo/kernels/simd_pixel_product.inl"

// ---- the table ----------------------------------------------------------------------------------

template <class V, size_t... kIndex>
void fill_tiles(Kernels& table, std::index_sequence<kIndex...>) {
  table.tile_exact = {tile_exact<V, kIndex>...};
  table.tile_int8 = {tile_int8<V, kIndex>...};
  table.tile_decode = {tile_decode<V, kIndex>...};
}

template <class V>
Kernels make_table(const char* name) {
  Kernels table;
  table.name = name;
  table.row_products = {row_products<V, BlockType::kF32>, row_products<V, BlockType::kF16>,
                        row_products<V, BlockType::kBF16>};
  table.weighted_sum = {weighted_sum<V, BlockType::kF32>, weighted_sum<V, BlockType::kF16>,
                        weighted_sum<V, BlockType::kBF16>};
  fill_tiles<V>(table, std::make_index_sequence<kQuantisedTypes.size()>());
  fill_activations<V>(table);
  table.depthwise_row = depthwise_row<V>;
  table.pixel_product = pixel_product<V>;
  return table;
}

}  // namespace
}  // namespace flamingo::kernels
