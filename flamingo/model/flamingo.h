#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/lm/decoder.h"
#include "flamingo/lm/gated_xattn.h"
#include "flamingo/model/config.h"
#include "flamingo/vision/encoder.h"

namespace flamingo::model {

/// Sees named intermediate results: "xattn.<i>", "lm.layers.<n>" and "graft.<i>", all [B, T, D].
using Tap = std::function<void(const std::string& name, const torch::Tensor& value)>;

/// One batch of interleaved text and media.
struct FlamingoInput {
  torch::Tensor ids;    ///< [B, T] int64
  torch::Tensor phi;    ///< [B, T] int64, image of each token, 1 = first, 0 = none
  torch::Tensor media;  ///< [B, M, R, Dr], or undefined: no media (with a cache: no new ones)
  torch::Tensor attention_mask;  ///< [B, T], 0 = left padding; undefined: no padding
  lm::KvCache* cache = nullptr;  ///< incremental decoding: ids, phi, media are the new ones only
};

struct BlockPair;

/// Flamingo (Alayrac et al. 2022, figure 3):
///
///   pixels -> vision_encoder -> resampler -> media
///                                             |
///   ids -> lm.embed -> [xattn.0 -> lm.layers.0] -> lm.layers.1 -> ... -> lm.norm -> logits
///
/// or, by config.xattn.form, xattn.<i> inside lm.layers.<n> (vanilla), or after the last one
/// [graft.0 -> xattn.0] -> [graft.1 -> xattn.1] -> ... -> lm.norm (grafting).
///
/// Everything is an argument: no layer keeps media, masks or caches. With all gates at 0 the logits
/// are the language model's, bit for bit.
class FlamingoImpl : public torch::nn::Module {
 public:
  /// Throws Error when config.validate() does. On the meta device nothing is allocated.
  FlamingoImpl(const FlamingoConfig& config, const lm::WeightOptions& options);

  /// pixels [B, M, F, 3, S, S] -> media [B, M, R, Dr].
  torch::Tensor encode_media(const torch::Tensor& pixels);
  /// pixels [B, M, F, 3, S, S] -> features [B, M, F, P, Dv], which may be kept for training.
  torch::Tensor encode_features(const torch::Tensor& pixels);
  /// features [B, M, F, P, Dv] -> media [B, M, R, Dr]; without a resampler R = F * P. With
  /// widen_media the result is [B, M, R, D].
  torch::Tensor resample(const torch::Tensor& features) const;

  /// -> hidden [B, T, D] after the last norm. Throws Error on shapes that do not fit or phi beyond
  /// the media given (and cached).
  torch::Tensor forward_hidden(const FlamingoInput& input, const Tap& tap = {}) const;
  /// hidden [..., D] -> logits [..., V + A]. Call it for the positions that matter only.
  torch::Tensor logits(const torch::Tensor& hidden) const { return lm->logits(hidden); }
  /// -> logits [B, T, V + A].
  torch::Tensor forward(const FlamingoInput& input) const { return logits(forward_hidden(input)); }

  /// Pictures of another side S from now on (paper, appendix B.2.2: fine-tuning at a higher
  /// resolution). Throws Error for an encoder whose position embeddings fix S.
  void set_image_size(int64_t side);
  /// Whether forward passes with gradients keep the inputs of each LM block (and of the gated layer
  /// before it) only and compute the rest anew in backward. Values and gradients stay the same, bit
  /// for bit. Off at first; without effect where a cache or a tap is given.
  void checkpoint_blocks(bool on) { checkpoint_blocks_ = on; }

  const FlamingoConfig& config() const { return config_; }
  /// Dr, width of the media tokens, D with widen_media.
  int64_t media_dim() const;

  vision::VisionEncoderPtr vision_encoder;
  resampler::Resampler resampler{nullptr};
  nn::Linear media_proj{nullptr};  ///< [D, Dr], with widen_media
  nn::TypedList<lm::GatedXattn> xattn;
  nn::TypedList<lm::DecoderBlock> graft;  ///< learnt blocks on top of the LM; empty unless grafting
  lm::Decoder lm;

 private:
  /// Keys and values of all media, one per gated layer; new ones enter the cache.
  std::vector<lm::KeyValues> media_keys(const FlamingoInput& input) const;

  FlamingoConfig config_;
  std::shared_ptr<const std::vector<BlockPair>> pairs_;
  bool checkpoint_blocks_ = false;
};
TORCH_MODULE(Flamingo);

}  // namespace flamingo::model
