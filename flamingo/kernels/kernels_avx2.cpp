#include "flamingo/kernels/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "flamingo/kernels/half.h"

#define FLAMINGO_SIMD [[gnu::target("avx2,fma,f16c")]]
#define FLAMINGO_SIMD_INLINE FLAMINGO_SIMD [[gnu::always_inline]] inline

namespace flamingo::kernels {
namespace {

/// 8 lanes of 32 bits. The operations are those that simd_kernels.inl asks for.
struct Avx2 {
  static constexpr int kLanes = 8;
  using F = __m256;
  using I = __m256i;
  static constexpr bool kLooksUpNibbles = false;

  FLAMINGO_SIMD_INLINE static F zero() { return _mm256_setzero_ps(); }
  FLAMINGO_SIMD_INLINE static F set(float value) { return _mm256_set1_ps(value); }
  FLAMINGO_SIMD_INLINE static F load(const float* at) { return _mm256_loadu_ps(at); }
  FLAMINGO_SIMD_INLINE static void store(float* at, F value) { _mm256_storeu_ps(at, value); }
  FLAMINGO_SIMD_INLINE static F load_f16(const std::byte* at) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
  FLAMINGO_SIMD_INLINE static F load_bf16(const std::byte* at) {
    const I wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  FLAMINGO_SIMD_INLINE static F add(F a, F b) { return _mm256_add_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F div(F a, F b) { return _mm256_div_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  FLAMINGO_SIMD_INLINE static F min(F a, F b) { return _mm256_min_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F max(F a, F b) { return _mm256_max_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F abs(F a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  FLAMINGO_SIMD_INLINE static F round(F a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  FLAMINGO_SIMD_INLINE static float sum(F a) {
    const __m128 half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
  }
  FLAMINGO_SIMD_INLINE static float largest(F a) {
    const __m128 half = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 pair = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
  }
  /// 2^n for whole n in -126..127.
  FLAMINGO_SIMD_INLINE static F power_of_two(F n) {
    const I exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
  }
  /// Whole numbers in -127..127 as 8 bytes.
  FLAMINGO_SIMD_INLINE static void store_codes(int8_t* at, F whole) {
    const I wide = _mm256_cvtps_epi32(whole);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(at), _mm_packs_epi16(words, words));
  }

  FLAMINGO_SIMD_INLINE static I set_int(int32_t value) { return _mm256_set1_epi32(value); }
  FLAMINGO_SIMD_INLINE static F to_float(I value) { return _mm256_cvtepi32_ps(value); }
  FLAMINGO_SIMD_INLINE static I load_bytes(const std::byte* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  }
  /// The four bytes at `at` in every lane.
  FLAMINGO_SIMD_INLINE static I broadcast_quad(const int8_t* at) {
    int32_t quad;
    __builtin_memcpy(&quad, at, 4);
    return _mm256_set1_epi32(quad);
  }
  FLAMINGO_SIMD_INLINE static I low_nibbles(I bytes) {
    return _mm256_and_si256(bytes, _mm256_set1_epi8(15));
  }
  FLAMINGO_SIMD_INLINE static I high_nibbles(I bytes) {
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
  }
  /// Adds 16 to every byte whose bit is set in the 32 bits at `at`.
  FLAMINGO_SIMD_INLINE static I add_fifth_bits(I bytes, const std::byte* at) {
    uint32_t bits;
    __builtin_memcpy(&bits, at, 4);
    const I byte_of_bit =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const I mask = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    const I spread =
        _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int32_t>(bits)), byte_of_bit);
    const I is_set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, mask), mask);
    return _mm256_or_si256(bytes, _mm256_and_si256(is_set, _mm256_set1_epi8(16)));
  }
  /// sum + the four products of a lane's unsigned codes (kBits wide) and signed bytes, exact:
  /// pairs of products of 8-bit codes would overflow 16 bits, so those are widened first.
  template <int kBits>
  FLAMINGO_SIMD_INLINE static I dot(I sum, I codes, I x) {
    if constexpr (kBits < 8) {
      const I pairs = _mm256_maddubs_epi16(codes, x);
      return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    const I even = _mm256_madd_epi16(_mm256_and_si256(codes, _mm256_set1_epi16(255)),
                                     _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8));
    const I odd = _mm256_madd_epi16(_mm256_srli_epi16(codes, 8), _mm256_srai_epi16(x, 8));
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
  }
  /// Byte kByte of every lane minus kZero.
  template <int kByte, int kZero>
  FLAMINGO_SIMD_INLINE static F code(I codes) {
    const I byte = _mm256_and_si256(_mm256_srli_epi32(codes, 8 * kByte), _mm256_set1_epi32(255));
    if constexpr (kZero == 0) return to_float(byte);
    return to_float(_mm256_sub_epi32(byte, _mm256_set1_epi32(kZero)));
  }
};

}  // namespace
}  // namespace flamingo::kernels

#include "flamingo/kernels/simd_kernels.inl"

namespace flamingo::kernels {

const Kernels* avx2_kernels() {
  // Every processor with AVX2 has F16C, by which name not every compiler lets one ask.
  static const bool supported = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  static const Kernels table = make_table<Avx2>("avx2");
  return supported ? &table : nullptr;
}

}  // namespace flamingo::kernels

#else

namespace flamingo::kernels {
const Kernels* avx2_kernels() { return nullptr; }
}  // namespace flamingo::kernels

#endif
