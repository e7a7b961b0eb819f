#pragma once

#include <bit>
#include <cstdint>

#include "flamingo/media/image.h"

namespace flamingo::corpus {

/// 64 bits that stay nearly the same when a picture is recompressed or resized: the grey picture is
/// scaled to 32 x 32 and transformed by a DCT; each bit says whether one of the 64 lowest
/// frequencies, the constant one left out, is above their median (Zauner 2010, "Implementation and
/// benchmarking of perceptual image hash functions"). 0 stands for a picture of one grey, and for
/// no picture. rgb [H, W, 3]. Throws Error for another mode.
uint64_t picture_hash(const media::Image& rgb);

/// In how many bits two hashes differ, 0 to 64.
inline int hash_distance(uint64_t a, uint64_t b) { return std::popcount(a ^ b); }

}  // namespace flamingo::corpus
