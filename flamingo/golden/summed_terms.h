#pragma once

#include "flamingo/golden/rounding.h"
#include "flamingo/model/config.h"

namespace flamingo::golden {

/// Terms summed on the way from hidden states [.., dim] through attention to `keys` keys and a
/// feed-forward network, with the norms before both.
inline int64_t layer_terms(int64_t dim, int64_t inner, int64_t head_dim, int64_t keys,
                           int64_t ffw_dim) {
  const int64_t sums = 4 * dim + inner + head_dim + keys + ffw_dim;  // 2 norms, q, up; o; qk; pv
  return sums + 4 * kFunction;  // 2 norms' roots, softmax, activation
}

/// Terms behind a logit of a decoder after `tokens` tokens.
inline int64_t summed_terms(const lm::DecoderConfig& lm, int64_t tokens) {
  const int64_t inner = lm.num_heads * lm.head_dim;
  return lm.num_layers * layer_terms(lm.dim, inner, lm.head_dim, tokens, lm.ffw_dim) + 2 * lm.dim +
         kFunction;
}

/// Terms behind a patch of a CLIP ViT, its norms and projection included.
inline int64_t summed_terms(const vision::ClipVitConfig& clip) {
  const int64_t layer = layer_terms(clip.width, clip.width, clip.width / clip.heads,
                                    clip.num_patches() + 1, clip.mlp_width);
  return 3 * clip.patch_size * clip.patch_size + clip.layers * layer + 5 * clip.width +
         2 * kFunction;
}

/// Terms along the longest way through an encoder of convolutions, each of whose kernels is
/// standardised or folded with a norm, and summed with.
inline int64_t summed_terms(const vision::VisionEncoder& net) {
  int64_t terms = 0;
  for (const auto& item : net.named_parameters()) {
    if (item.key().ends_with("weight")) terms += 2 * item.value()[0].numel();
  }
  return terms;
}

/// Terms behind a logit of a whole model after `tokens` tokens, from features of `keys` places on.
inline int64_t summed_terms(const model::FlamingoConfig& config, int64_t tokens, int64_t keys) {
  const lm::GatedXattnConfig& xattn = config.xattn;
  lm::DecoderConfig lm = config.lm;
  if (xattn.form == lm::XattnForm::kGrafting) lm.num_layers += xattn.graft_depth;
  int64_t terms = summed_terms(lm, tokens);
  terms += config.xattn.count(config.lm.num_layers) *
           (layer_terms(config.lm.dim, xattn.num_heads * xattn.head_dim, xattn.head_dim, keys,
                        xattn.ffw_dim) +
            kFunction);  // the gate's tanh
  if (config.resampler) {
    const resampler::ResamplerConfig& resampler = *config.resampler;
    terms += resampler.depth * layer_terms(resampler.width, resampler.heads * resampler.head_dim,
                                           resampler.head_dim, keys + resampler.num_latents,
                                           resampler.ffw_mult * resampler.width);
  }
  return terms;
}

}  // namespace flamingo::golden
