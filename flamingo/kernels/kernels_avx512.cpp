#include "flamingo/kernels/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "flamingo/kernels/half.h"

// GCC 12 takes the deliberately undefined operands inside its own intrinsics for a mistake.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define FLAMINGO_SIMD [[gnu::target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]]
#define FLAMINGO_SIMD_INLINE FLAMINGO_SIMD [[gnu::always_inline]] inline

namespace flamingo::kernels {
namespace {

/// 16 lanes of 32 bits. The operations are those that simd_kernels.inl asks for.
struct Avx512 {
  static constexpr int kLanes = 16;
  using F = __m512;
  using I = __m512i;
  /// One table lookup turns the low 4 bits of each lane into a float.
  static constexpr bool kLooksUpNibbles = true;

  FLAMINGO_SIMD_INLINE static F zero() { return _mm512_setzero_ps(); }
  FLAMINGO_SIMD_INLINE static F set(float value) { return _mm512_set1_ps(value); }
  FLAMINGO_SIMD_INLINE static F load(const float* at) { return _mm512_loadu_ps(at); }
  FLAMINGO_SIMD_INLINE static void store(float* at, F value) { _mm512_storeu_ps(at, value); }
  FLAMINGO_SIMD_INLINE static F load_f16(const std::byte* at) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  }
  FLAMINGO_SIMD_INLINE static F load_bf16(const std::byte* at) {
    const I wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  FLAMINGO_SIMD_INLINE static F add(F a, F b) { return _mm512_add_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F div(F a, F b) { return _mm512_div_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  FLAMINGO_SIMD_INLINE static F min(F a, F b) { return _mm512_min_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F max(F a, F b) { return _mm512_max_ps(a, b); }
  FLAMINGO_SIMD_INLINE static F abs(F a) { return _mm512_abs_ps(a); }
  FLAMINGO_SIMD_INLINE static F round(F a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  FLAMINGO_SIMD_INLINE static float sum(F a) { return _mm512_reduce_add_ps(a); }
  FLAMINGO_SIMD_INLINE static float largest(F a) { return _mm512_reduce_max_ps(a); }
  /// 2^n for whole n in -126..127.
  FLAMINGO_SIMD_INLINE static F power_of_two(F n) {
    const I exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
  }
  /// Whole numbers in -127..127 as 16 bytes.
  FLAMINGO_SIMD_INLINE static void store_codes(int8_t* at, F whole) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at),
                     _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(whole)));
  }

  FLAMINGO_SIMD_INLINE static I set_int(int32_t value) { return _mm512_set1_epi32(value); }
  FLAMINGO_SIMD_INLINE static F to_float(I value) { return _mm512_cvtepi32_ps(value); }
  FLAMINGO_SIMD_INLINE static I load_bytes(const std::byte* at) { return _mm512_loadu_si512(at); }
  /// The four bytes at `at` in every lane.
  FLAMINGO_SIMD_INLINE static I broadcast_quad(const int8_t* at) {
    int32_t quad;
    __builtin_memcpy(&quad, at, 4);
    return _mm512_set1_epi32(quad);
  }
  FLAMINGO_SIMD_INLINE static I low_nibbles(I bytes) {
    return _mm512_and_si512(bytes, _mm512_set1_epi8(15));
  }
  FLAMINGO_SIMD_INLINE static I high_nibbles(I bytes) {
    return _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15));
  }
  /// Adds 16 to every byte whose bit is set in the 64 bits at `at`.
  FLAMINGO_SIMD_INLINE static I add_fifth_bits(I bytes, const std::byte* at) {
    uint64_t bits;
    __builtin_memcpy(&bits, at, 8);
    return _mm512_mask_add_epi8(bytes, bits, bytes, _mm512_set1_epi8(16));
  }
  /// sum + the four products of a lane's unsigned codes (kBits wide) and signed bytes, exact.
  template <int kBits>
  FLAMINGO_SIMD_INLINE static I dot(I sum, I codes, I x) {
    return _mm512_dpbusd_epi32(sum, codes, x);
  }
  /// Bits kShift .. kShift + 3 of every lane minus kZero.
  template <int kShift, int kZero>
  FLAMINGO_SIMD_INLINE static F nibble(I bits) {
    constexpr float kFirst = -static_cast<float>(kZero);
    const F table =
        _mm512_setr_ps(kFirst, kFirst + 1, kFirst + 2, kFirst + 3, kFirst + 4, kFirst + 5,
                       kFirst + 6, kFirst + 7, kFirst + 8, kFirst + 9, kFirst + 10, kFirst + 11,
                       kFirst + 12, kFirst + 13, kFirst + 14, kFirst + 15);
    return _mm512_permutexvar_ps(_mm512_srli_epi32(bits, kShift), table);
  }
  /// Byte kByte of every lane minus kZero.
  template <int kByte, int kZero>
  FLAMINGO_SIMD_INLINE static F code(I codes) {
    const I byte = _mm512_and_si512(_mm512_srli_epi32(codes, 8 * kByte), _mm512_set1_epi32(255));
    if constexpr (kZero == 0) return to_float(byte);
    return to_float(_mm512_sub_epi32(byte, _mm512_set1_epi32(kZero)));
  }
};

}  // namespace
}  // namespace flamingo::kernels

#include "flamingo/kernels/simd_kernels.inl"

namespace flamingo::kernels {

const Kernels* avx512_kernels() {
  static const bool supported =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni") && avx2_kernels() != nullptr;
  static const Kernels table = make_table<Avx512>("avx512");
  return supported ? &table : nullptr;
}

}  // namespace flamingo::kernels

#else

namespace flamingo::kernels {
const Kernels* avx512_kernels() { return nullptr; }
}  // namespace flamingo::kernels

#endif
