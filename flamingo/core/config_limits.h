#pragma once

#include <cstdint>

/// The largest value that a model's config may ask for, one per kind of quantity: well above any
/// published model, and low enough that products of a few of them stay within 64 bits.
namespace flamingo::config_limits {

inline constexpr int64_t kWidth = 1 << 17;        ///< widths, channels, latents, frames
inline constexpr int64_t kFfwWidth = 1 << 20;     ///< hidden width of a feed-forward layer
inline constexpr int64_t kLayers = 1 << 10;       ///< layers, blocks, and factors of a width
inline constexpr int64_t kHeads = 1 << 12;        ///< attention heads
inline constexpr int64_t kHeadDim = 1 << 13;      ///< width of one head
inline constexpr int64_t kVocab = 1 << 24;        ///< tokens, classes, positions
inline constexpr int64_t kAddedTokens = 1 << 16;  ///< tokens beside the vocabulary
inline constexpr int64_t kImageSize = 1 << 12;    ///< pixels of a side

}  // namespace flamingo::config_limits
