// SHA-256 with the SHA extensions of x86: two instructions do four rounds, and the state is kept as
// the pairs of words that they want, {A, B, E, F} and {C, D, G, H}.

#include "flamingo/io/sha256_blocks.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

namespace flamingo::io {
namespace {

/// Words 4 i to 4 i + 3 of the message schedule, from the 16 before them.
__attribute__((target("sha,sse4.1"))) inline __m128i next_words(__m128i w0, __m128i w1, __m128i w2,
                                                                __m128i w3) {
  const __m128i seven_back = _mm_alignr_epi8(w3, w2, 4);
  return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), seven_back), w3);
}

}  // namespace

bool has_sha_instructions() {
  constexpr unsigned kShaBit = 1u << 29;    // leaf 7, EBX
  constexpr unsigned kSse41Bit = 1u << 19;  // leaf 1, ECX
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kSse41Bit) == 0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kShaBit) != 0;
}

__attribute__((target("sha,sse4.1"))) void sha256_blocks_fast(const std::byte* blocks, size_t count,
                                                              Sha256State& state) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const auto* words = reinterpret_cast<const __m128i*>(state.data());
  const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (size_t block = 0; block < count; ++block) {
    const auto* in = reinterpret_cast<const __m128i*>(blocks + block * kSha256Block);
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i) w[i] = _mm_shuffle_epi8(_mm_loadu_si128(in + i), big_endian);
    for (size_t i = 0; i < 16; ++i) {
      const auto* round = reinterpret_cast<const __m128i*>(kSha256Round.data() + 4 * i);
      const __m128i sum = _mm_add_epi32(w[0], _mm_loadu_si128(round));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      const __m128i next = next_words(w[0], w[1], w[2], w[3]);
      w[0] = w[1], w[1] = w[2], w[2] = w[3], w[3] = next;
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  auto* out = reinterpret_cast<__m128i*>(state.data());
  _mm_storeu_si128(out, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(out + 1, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace flamingo::io

#else

namespace flamingo::io {

bool has_sha_instructions() { return false; }
void sha256_blocks_fast(const std::byte* blocks, size_t count, Sha256State& state) {
  sha256_blocks_plain(blocks, count, state);
}

}  // namespace flamingo::io

#endif
