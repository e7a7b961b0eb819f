#include "flamingo/plan/flops.h"

#include <utility>

#include "flamingo/nn/attention_cost.h"
#include "flamingo/plan/encoder_layers.h"

namespace flamingo::plan {
namespace {

/// Which of a product's factors want a gradient. Each costs as much as the product.
struct Wants {
  bool input = false;
  bool weight = false;
};

/// Sums up products of one part of the model.
class Sum {
 public:
  /// [rows, in] x [in, out]: 2 rows in out; dx = dy W and dW = dy^T x cost the same.
  void linear(int64_t rows, int64_t in, int64_t out, Wants wants) {
    const double cost =
        2.0 * static_cast<double>(rows) * static_cast<double>(in) * static_cast<double>(out);
    flops_.forward += cost;
    flops_.backward += cost * ((wants.input ? 1 : 0) + (wants.weight ? 1 : 0));
  }

  /// Scores q k^T and the weighted sum of v for `pairs` of a query and a key, heads of `width`:
  /// 2 x 2 pairs width. Backward: dq, dk; the scores' gradient (where either is wanted); dv.
  void attention(int64_t pairs, int64_t width, bool q, bool kv) {
    const double cost = 2.0 * static_cast<double>(pairs) * static_cast<double>(width);
    flops_.forward += 2 * cost;
    flops_.backward += cost * ((q ? 1 : 0) + (kv ? 2 : 0) + (q || kv ? 1 : 0));
  }

  void conv(const ConvExtents& c, Wants wants) {
    linear(c.side_out() * c.side_out(), c.fan_in(), c.out, wants);
  }

  const TrainStepFlops& flops() const { return flops_; }

 private:
  TrainStepFlops flops_;
};

/// Frozen: x goes on backwards only where something before wants it. Trained: the weights of a
/// norm before a product want its input's gradient too.
Wants wants(bool before, bool trained) { return {before || trained, trained}; }

void add_ffw(Sum& sum, int64_t rows, const nn::MlpConfig& ffw, Wants wants) {
  sum.linear(rows, ffw.dim, (ffw.gated ? 2 : 1) * ffw.hidden, wants);
  sum.linear(rows, ffw.hidden, ffw.dim, wants);
}

/// Width of the media tokens as the gated layers see them.
int64_t media_width(const model::FlamingoConfig& config) {
  if (config.widen_media) return config.lm.dim;
  if (config.resampler) return config.resampler->width;
  return config.vision.dim();
}

/// R.
int64_t tokens_per_medium(const model::FlamingoConfig& config, const StepShape& shape) {
  return config.resampler ? config.resampler->num_latents
                          : shape.frames * num_patches(config.vision);
}

/// Keys and values of all media of one gated layer, which checkpointing does not compute again.
TrainStepFlops media_key_flops(const model::FlamingoConfig& config, const StepShape& shape,
                               bool media, bool trained) {
  Sum sum;
  const lm::GatedXattnConfig& xattn = config.xattn;
  sum.linear(shape.sequences * shape.media * tokens_per_medium(config, shape), media_width(config),
             2 * xattn.num_heads * xattn.head_dim,
             {media || (trained && xattn.norm_media), trained});
  return sum.flops();
}

/// The language model's blocks and the gated layers, in the order of the forward pass. Knows
/// whether the hidden states want a gradient so far.
class HiddenPass {
 public:
  HiddenPass(const model::FlamingoConfig& config, const StepShape& shape,
             const StepTraining& training)
      : config_(config),
        shape_(shape),
        training_(training),
        flow_(config, shape, training.parts),
        wanted_(flow_.hidden) {}

  /// Block n and the gated layer that stands before or inside it.
  void block(int64_t n) {
    const bool gated = config_.xattn.at_block(n);
    const bool inside = config_.xattn.form == lm::XattnForm::kVanilla;
    if (gated && !inside) gated_layer();
    attention(training_.parts.lm, true);
    if (gated && inside) gated_layer();
    ffw(training_.parts.lm, true);
  }
  /// A learnt block on top of the LM, and the gated layer after it.
  void grafted() {
    attention(training_.parts.xattn, false);
    ffw(training_.parts.xattn, false);
    gated_layer();
  }
  bool wanted() const { return wanted_; }
  /// Since the last call.
  TrainStepFlops take() { return std::exchange(sum_, Sum()).flops(); }

 private:
  int64_t rows() const { return shape_.sequences * shape_.tokens; }
  /// A block's product: its own, and two of low rank where it has a change.
  void product(int64_t in, int64_t out, bool trained, int64_t rank) {
    sum_.linear(rows(), in, out, {wanted_ || trained, trained});
    if (rank == 0) return;
    sum_.linear(rows(), in, rank, {wanted_, true});
    sum_.linear(rows(), rank, out, {true, true});
    wanted_ = true;
  }
  int64_t rank(const char* layer, bool of_lm) const {
    return of_lm ? training_.lora_rank(layer) : 0;
  }
  void attention(bool trained, bool of_lm);
  void ffw(bool trained, bool of_lm);
  void gated_layer();

  const model::FlamingoConfig& config_;
  const StepShape& shape_;
  const StepTraining& training_;
  GradientFlow flow_;
  bool wanted_;
  Sum sum_;
};

/// q, k, v and o, T x T scores (as many as causal attention computes); relative positions project S
/// sinusoids and score them like keys.
void HiddenPass::attention(bool trained, bool of_lm) {
  const lm::DecoderConfig& lm = config_.lm;
  wanted_ = wanted_ || trained;
  const int64_t T = shape_.tokens, width = lm.num_heads * lm.head_dim;
  const int64_t heads = shape_.sequences * lm.num_heads;
  product(lm.dim, width + 2 * lm.num_kv_heads * lm.head_dim, trained, rank("qkv_proj", of_lm));
  sum_.attention(heads * nn::attention_cost(T, T, nn::KeyRange::kCausal).pairs, lm.head_dim,
                 wanted_, wanted_);
  if (lm.position == lm::PositionKind::kRelative) {
    sum_.linear(T, lm.dim, width, {.weight = trained});
    sum_.linear(heads * T, lm.head_dim, T, {wanted_, trained});
  }
  product(width, lm.dim, trained, rank("o_proj", of_lm));
}

void HiddenPass::ffw(bool trained, bool of_lm) {
  const lm::DecoderConfig& lm = config_.lm;
  product(lm.dim, (lm.gated_ffw ? 2 : 1) * lm.ffw_dim, trained, rank("up_proj", of_lm));
  product(lm.ffw_dim, lm.dim, trained, rank("down_proj", of_lm));
}

/// Queries of the Nv tokens that see a medium, Nv x R scores a medium, or M media with
/// all_previous, those that are masked too; ffw of all tokens unless vanilla.
void HiddenPass::gated_layer() {
  const lm::GatedXattnConfig& xattn = config_.xattn;
  const bool trained = training_.parts.xattn;
  const int64_t D = config_.lm.dim, width = xattn.num_heads * xattn.head_dim;
  const Wants w = wants(wanted_, trained);
  const bool kv = flow_.media || trained;
  if (shape_.visible > 0) {
    const bool all = xattn.media_attention == lm::MediaAttention::kAllPrevious;
    const int64_t keys = tokens_per_medium(config_, shape_) * (all ? shape_.media : 1);
    sum_.linear(shape_.visible, D, width, w);
    sum_.attention(shape_.visible * xattn.num_heads * keys, xattn.head_dim, w.input, kv);
    sum_.linear(shape_.visible, width, D, {w.input || kv, trained});
  }
  wanted_ = wanted_ || trained || (flow_.media && shape_.visible > 0);
  if (xattn.form == lm::XattnForm::kVanilla) return;
  add_ffw(sum_, rows(), {.dim = D, .hidden = xattn.ffw_dim, .gated = xattn.gated_ffw},
          {w.input || kv, trained});
}

/// A layer of the resampler over `seen` features of `count` media: of a perceiver, R latents read
/// the features and latents of their medium; of a transformer all of them do; an MLP takes the
/// features one by one. learnt: whether what the latents are wants a gradient.
void add_resampler_layer(Sum& sum, const resampler::ResamplerConfig& r, const StepShape& shape,
                         int64_t seen, Wants w, bool learnt) {
  const int64_t count = shape.num_clips();
  const int64_t width = r.heads * r.head_dim, latents = count * r.num_latents;
  const int64_t all = seen + latents;
  const bool mlp = r.kind == resampler::ResamplerKind::kMlp;
  const int64_t rows = mlp ? seen : r.kind == resampler::ResamplerKind::kPerceiver ? latents : all;
  if (!mlp) {
    sum.linear(all, r.width, 2 * width, w);
    sum.linear(rows, r.width, width, {learnt, w.weight});
    sum.attention(rows * r.heads * all / count, r.head_dim, learnt, w.input);
    sum.linear(rows, width, r.width, w);
  }
  add_ffw(sum, rows, {.dim = r.width, .hidden = r.width * r.ffw_mult}, w);
}

/// The resampler, and what widens its output.
TrainStepFlops resampler_flops(const model::FlamingoConfig& config, const StepShape& shape,
                               bool features, bool trained) {
  Sum sum;
  const int64_t count = shape.num_clips();
  const int64_t seen = shape.num_pictures() * num_patches(config.vision);
  if (config.resampler) {
    const resampler::ResamplerConfig& r = *config.resampler;
    const Wants w = wants(features, trained);
    if (r.dim != r.width) sum.linear(seen, r.dim, r.width, {features, trained});
    for (int64_t layer = 0; layer < r.depth; ++layer) {
      const bool latents_alone = layer == 0 && r.kind == resampler::ResamplerKind::kPerceiver;
      add_resampler_layer(sum, r, shape, seen, w, latents_alone ? trained : w.input);
    }
  }
  if (config.widen_media) {
    const int64_t width = config.resampler ? config.resampler->width : media_width(config);
    sum.linear(count * tokens_per_medium(config, shape), width, config.lm.dim,
               {features || (trained && config.resampler), trained});
  }
  return sum.flops();
}

TrainStepFlops head_flops(const lm::DecoderConfig& lm, int64_t targets,
                          const model::Trainable& trainable) {
  Sum sum;
  sum.linear(targets, lm.dim, lm.vocab, {true, trainable.lm});
  if (lm.additional_vocab > 0) {
    sum.linear(targets, lm.dim, lm.additional_vocab, {true, trainable.additional_tokens});
  }
  return sum.flops();
}

/// Pixels want no gradient; all after the first convolution does where the encoder is trained.
TrainStepFlops nfnet_flops(const vision::NfnetConfig& config, bool trained) {
  Sum sum;
  const Wants all{trained, trained};
  const NfnetLayers layers = nfnet_layers(config);
  for (const ConvExtents& conv : layers.stem)
    sum.conv(conv, &conv == &layers.stem.front() ? Wants{false, trained} : all);
  for (const NfnetBlockExtents& block : layers.blocks) {
    for (const ConvExtents& conv : block.branch) sum.conv(conv, all);
    if (block.shortcut) sum.conv(*block.shortcut, all);
    const int64_t out = block.branch.back().out;
    sum.linear(1, out, block.excite, all);
    sum.linear(1, block.excite, out, all);
  }
  if (layers.last) sum.conv(*layers.last, all);
  return sum.flops();
}

TrainStepFlops efficientnet_flops(const vision::EfficientNetConfig& config, bool trained) {
  Sum sum;
  const auto layers = efficientnet_layers(config);
  for (const ConvExtents& conv : layers)
    sum.conv(conv, {trained && &conv != &layers.front(), trained});
  return sum.flops();
}

TrainStepFlops clip_flops(const vision::ClipVitConfig& config, bool trained) {
  Sum sum;
  const Wants all{trained, trained};
  const int64_t rows = config.num_patches() + 1, W = config.width;
  sum.conv(patch_conv(config), {false, trained});
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    sum.linear(rows, W, 3 * W, all);
    sum.attention(config.heads * rows * rows, W / config.heads, trained, trained);
    sum.linear(rows, W, W, all);
    add_ffw(sum, rows, {.dim = W, .hidden = config.mlp_width}, all);
  }
  return sum.flops();
}

/// Of one picture.
TrainStepFlops encoder_step_flops(const vision::EncoderConfig& config, bool trained) {
  if (const auto* nfnet = config.as<vision::NfnetConfig>()) return nfnet_flops(*nfnet, trained);
  if (const auto* net = config.as<vision::EfficientNetConfig>())
    return efficientnet_flops(*net, trained);
  return clip_flops(*config.as<vision::ClipVitConfig>(), trained);
}

}  // namespace

TrainStepFlops& TrainStepFlops::operator+=(const TrainStepFlops& other) {
  forward += other.forward;
  backward += other.backward;
  recomputed += other.recomputed;
  return *this;
}

TrainStepFlops TrainStepFlops::times(double count) const {
  return {forward * count, backward * count, recomputed * count};
}

double encoder_flops(const vision::EncoderConfig& config) {
  return encoder_step_flops(config, false).forward;
}

TrainStepFlops train_step_flops(const model::FlamingoConfig& config, const StepShape& shape,
                                const StepTraining& training, bool checkpoint_blocks) {
  config.validate();
  const model::Trainable& parts = training.parts;
  const GradientFlow flow(config, shape, parts);
  TrainStepFlops sum = head_flops(config.lm, shape.targets, parts);
  if (shape.encodes && shape.media > 0) {
    sum += encoder_step_flops(config.vision, parts.vision)
               .times(static_cast<double>(shape.num_pictures()));
  }
  const int64_t blocks = config.lm.num_layers, layers = config.xattn.count(blocks);
  if (shape.media > 0) {
    sum += resampler_flops(config, shape, flow.features, parts.resampler);
    sum +=
        media_key_flops(config, shape, flow.media, parts.xattn).times(static_cast<double>(layers));
  }
  const int64_t grafted = config.xattn.form == lm::XattnForm::kGrafting ? layers : 0;
  HiddenPass pass(config, shape, training);
  for (int64_t n = 0; n < blocks + grafted; ++n) {
    n < blocks ? pass.block(n) : pass.grafted();
    TrainStepFlops pair = pass.take();
    if (checkpoint_blocks && pass.wanted()) pair.recomputed = pair.forward;
    sum += pair;
  }
  return sum;
}

}  // namespace flamingo::plan
