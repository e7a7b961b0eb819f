#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <utility>

namespace flamingo::lm {

/// Which images a token may see: the last one before it, phi (the paper's choice), or all of 1 ..
/// phi (its ablation, table 10, row ii).
enum class MediaAttention { kLast, kAllPrevious };
constexpr std::array<std::pair<MediaAttention, const char*>, 2> enum_table(MediaAttention) {
  return {{{MediaAttention::kLast, "last"}, {MediaAttention::kAllPrevious, "all_previous"}}};
}

/// Which token attends to which image, worked out once per forward and used by every gated layer.
///
/// phi[b, t] is the number of the image that token t of sample b may see, 0 for none; with kLast:
///
///   phi | image 1 | image 2 | image 3 | output of the cross-attention
///   0   | no      | no      | no      | exactly 0
///   1   | yes     | no      | no      | attention over the R latents of image 1
///   2   | no      | yes     | no      | attention over the R latents of image 2
///   > M | Error
///
/// Visible tokens are sorted into groups of one (sample, image) pair, so that attention costs
/// tokens x R and never tokens x images x R. Long groups are split, short ones padded to L.
/// With kAllPrevious the group of (sample, phi) sees images 1 .. phi, padded to W: tokens x W x R.
///
/// Source: paper section 2.3 and appendix A.1.3 (per-image attention masking).
struct MediaPlan {
  int64_t num_tokens = 0;   ///< B * T
  int64_t num_visible = 0;  ///< Nv, tokens with phi > 0
  int64_t num_groups = 0;   ///< G
  int64_t group_size = 0;   ///< L, tokens
  int64_t group_media = 1;  ///< W, images that a group sees at most: 1 with kLast

  at::Tensor tokens;       ///< [Nv] flat token (b * T + t) of each visible token, in group order
  at::Tensor media;        ///< [G * W] flat images (b * M + image - 1) of each group
  at::Tensor media_bias;   ///< [G, W] fp32, -inf at images past phi; undefined: every group sees W
  at::Tensor slot_tokens;  ///< [G * L] which visible token fills a slot; undefined: identity
  at::Tensor token_slots;  ///< [Nv] slot of each visible token; undefined: identity
  bool in_order = false;   ///< tokens are 0, 1, ..., B * T - 1
};

/// phi [B, T] (int64) with M images per sample -> the plan, its tensors on `device`.
/// Throws Error on a negative phi or one above num_media.
MediaPlan plan_media(const at::Tensor& phi, int64_t num_media, at::Device device = at::kCPU,
                     MediaAttention attention = MediaAttention::kLast);

}  // namespace flamingo::lm
