#include "flamingo/model/flops.h"

#include <algorithm>

#include "flamingo/nn/attention_cost.h"

namespace flamingo {
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

  const TrainStepFlops& flops() const { return flops_; }

 private:
  TrainStepFlops flops_;
};

/// Frozen: x goes on backwards only where something before wants it. Trained: the weights of a
/// norm before a product want its input's gradient too.
Wants wants(bool before, bool trained) { return {before || trained, trained}; }

void add_ffw(Sum& sum, int64_t rows, const MlpConfig& ffw, Wants wants) {
  sum.linear(rows, ffw.dim, (ffw.gated ? 2 : 1) * ffw.hidden, wants);
  sum.linear(rows, ffw.hidden, ffw.dim, wants);
}

/// One LM block: q, k, v and o, T x T scores (as many as causal attention computes), ffw; relative
/// positions project S sinusoids and score them like keys.
TrainStepFlops block_flops(const DecoderConfig& lm, const StepShape& shape, Wants w) {
  Sum sum;
  const int64_t rows = shape.sequences * shape.tokens, width = lm.num_heads * lm.head_dim;
  const int64_t heads = shape.sequences * lm.num_heads;
  sum.linear(rows, lm.dim, width + 2 * lm.num_kv_heads * lm.head_dim, w);
  sum.attention(heads * attention_cost(shape.tokens, shape.tokens, KeyRange::kCausal).pairs,
                lm.head_dim, w.input, w.input);
  sum.linear(rows, width, lm.dim, w);
  if (lm.position == PositionKind::kRelative) {
    sum.linear(shape.tokens, lm.dim, width, {.weight = w.weight});
    sum.linear(heads * shape.tokens, lm.head_dim, shape.tokens, w);
  }
  add_ffw(sum, rows, {.dim = lm.dim, .hidden = lm.ffw_dim, .gated = lm.gated_ffw}, w);
  return sum.flops();
}

/// Width of the media tokens as the gated layers see them.
int64_t media_width(const FlamingoConfig& config) {
  if (config.widen_media) return config.lm.dim;
  if (config.resampler) return config.resampler->width;
  return config.vision.nfnet ? config.vision.nfnet->dim() : config.vision.clip_vit->width;
}

/// R.
int64_t tokens_per_medium(const FlamingoConfig& config, const StepShape& shape) {
  return config.resampler ? config.resampler->num_latents
                          : shape.frames * num_patches(config.vision);
}

/// Keys and values of all media of one gated layer, which checkpointing does not compute again.
TrainStepFlops media_key_flops(const FlamingoConfig& config, const StepShape& shape, bool media,
                               bool trained) {
  Sum sum;
  const GatedXattnConfig& xattn = config.xattn;
  sum.linear(shape.sequences * shape.media * tokens_per_medium(config, shape), media_width(config),
             2 * xattn.num_heads * xattn.head_dim,
             {media || (trained && xattn.norm_media), trained});
  return sum.flops();
}

/// Media that a token that sees one attends to: half of all, on average, with all_previous.
double media_seen(const FlamingoConfig& config, const StepShape& shape) {
  const bool all = config.xattn.media_attention == MediaAttention::kAllPrevious;
  return all ? static_cast<double>(shape.media + 1) / 2 : 1.0;
}

/// One gated layer: queries of the Nv tokens that see a medium, Nv x R scores a medium, ffw of all
/// tokens unless vanilla.
TrainStepFlops gated_flops(const FlamingoConfig& config, const StepShape& shape, Wants w,
                           bool media) {
  Sum sum;
  const GatedXattnConfig& xattn = config.xattn;
  const int64_t D = config.lm.dim, width = xattn.num_heads * xattn.head_dim;
  const bool kv = media || w.weight;
  if (shape.visible > 0) {
    sum.linear(shape.visible, D, width, w);
    const double keys =
        media_seen(config, shape) * static_cast<double>(tokens_per_medium(config, shape));
    sum.attention(static_cast<int64_t>(static_cast<double>(shape.visible * xattn.num_heads) * keys),
                  xattn.head_dim, w.input, kv);
    sum.linear(shape.visible, width, D, {w.input || kv, w.weight});
  }
  if (xattn.form != XattnForm::kVanilla) {
    add_ffw(sum, shape.sequences * shape.tokens,
            {.dim = D, .hidden = xattn.ffw_dim, .gated = xattn.gated_ffw},
            {w.input || kv, w.weight});
  }
  return sum.flops();
}

/// A layer of the resampler over S features a medium: of a perceiver, R latents read S + R rows; of
/// a transformer all S + R do; an MLP takes the S rows one by one.
void add_resampler_layer(Sum& sum, const ResamplerConfig& r, int64_t count, int64_t seen, Wants w) {
  const int64_t width = r.heads * r.head_dim, all = seen + r.num_latents;
  const bool mlp = r.kind == ResamplerKind::kMlp;
  const int64_t rows = mlp ? seen : r.kind == ResamplerKind::kPerceiver ? r.num_latents : all;
  if (!mlp) {
    sum.linear(count * all, r.width, 2 * width, w);
    sum.linear(count * rows, r.width, width, w);
    sum.attention(count * rows * r.heads * all, r.head_dim, w.input, w.input);
    sum.linear(count * rows, width, r.width, w);
  }
  add_ffw(sum, count * rows, {.dim = r.width, .hidden = r.width * r.ffw_mult}, w);
}

/// The resampler for B M media of S = F P features.
TrainStepFlops resampler_flops(const FlamingoConfig& config, const StepShape& shape, bool features,
                               bool trained) {
  Sum sum;
  const int64_t count = shape.sequences * shape.media;
  const int64_t seen = shape.frames * num_patches(config.vision);
  if (config.resampler) {
    const ResamplerConfig& r = *config.resampler;
    const Wants w = wants(features, trained);
    if (r.dim != r.width) sum.linear(count * seen, r.dim, r.width, {features, trained});
    for (int64_t layer = 0; layer < r.depth; ++layer) add_resampler_layer(sum, r, count, seen, w);
  }
  if (config.widen_media) {
    const int64_t width = config.resampler ? config.resampler->width : media_width(config);
    sum.linear(count * tokens_per_medium(config, shape), width, config.lm.dim,
               {features || (trained && config.resampler), trained});
  }
  return sum.flops();
}

TrainStepFlops head_flops(const DecoderConfig& lm, int64_t targets, const Trainable& trainable) {
  Sum sum;
  sum.linear(targets, lm.dim, lm.vocab, {true, trainable.lm});
  if (lm.additional_vocab > 0) {
    sum.linear(targets, lm.dim, lm.additional_vocab, {true, trainable.additional_tokens});
  }
  return sum.flops();
}

/// 2 per weight and position of the result; k x k / groups weights per channel in and out.
double conv_flops(int64_t side, int64_t in, int64_t out, int64_t kernel = 1, int64_t groups = 1) {
  return 2.0 * static_cast<double>(side * side * out) *
         static_cast<double>(in / groups * kernel * kernel);
}

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

double nfnet_flops(const NfnetConfig& config) {
  double sum = 0;
  int64_t side = config.image_size, in = 3;
  for (size_t i = 0; i < config.stem_channels.size(); ++i) {
    side = divide_up(side, config.stem_strides[i]);
    sum += conv_flops(side, in, config.stem_channels[i], 3);
    in = config.stem_channels[i];
  }
  for (size_t s = 0; s < config.depths.size(); ++s) {
    const int64_t out = config.widths[s];
    const auto inner = static_cast<int64_t>(config.bottle_ratio * static_cast<double>(out));
    const auto excite = static_cast<int64_t>(config.se_ratio * static_cast<double>(out));
    const int64_t groups = config.group_width > 0 ? inner / config.group_width : 1;
    for (int64_t b = 0; b < config.depths[s]; ++b) {
      const int64_t stride = b == 0 ? config.strides[s] : 1;
      const int64_t before = side;
      side = divide_up(side, stride);
      sum += conv_flops(before, in, inner) + conv_flops(side, inner, inner, 3, groups) +
             conv_flops(side, inner, out) + 2 * conv_flops(1, out, excite);
      if (config.extra_conv) sum += conv_flops(side, inner, inner, 3, groups);
      if (stride != 1 || in != out) sum += conv_flops(side, in, out);
      in = out;
    }
  }
  return config.final_width > 0 ? sum + conv_flops(side, in, config.final_width) : sum;
}

double clip_flops(const ClipVitConfig& config) {
  Sum sum;
  const int64_t rows = config.num_patches() + 1, W = config.width;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    sum.linear(rows, W, 3 * W, {});
    sum.attention(config.heads * rows * rows, W / config.heads, false, false);
    sum.linear(rows, W, W, {});
    add_ffw(sum, rows, {.dim = W, .hidden = config.mlp_width}, {});
  }
  sum.linear(config.num_patches(), 3 * config.patch_size * config.patch_size, W, {});
  return sum.flops().forward;
}

}  // namespace

TrainStepFlops& TrainStepFlops::operator+=(const TrainStepFlops& other) {
  forward += other.forward;
  backward += other.backward;
  recomputed += other.recomputed;
  return *this;
}

double encoder_flops(const VisionConfig& config) {
  return config.nfnet ? nfnet_flops(*config.nfnet) : clip_flops(*config.clip_vit);
}

TrainStepFlops train_step_flops(const FlamingoConfig& config, const StepShape& shape,
                                const Trainable& trainable, bool checkpoint_blocks) {
  config.validate();
  const GradientFlow flow(config, shape, trainable);
  TrainStepFlops sum = head_flops(config.lm, shape.targets, trainable);
  if (shape.encodes) {
    const double pictures = static_cast<double>(shape.sequences * shape.media * shape.frames);
    const double forward = pictures * encoder_flops(config.vision);
    sum += {.forward = forward, .backward = trainable.vision ? 2 * forward : 0};
  }
  if (shape.media > 0) sum += resampler_flops(config, shape, flow.features, trainable.resampler);
  bool hidden = flow.hidden;
  const int64_t num_layers = config.lm.num_layers;
  const int64_t grafted =
      config.xattn.form == XattnForm::kGrafting ? config.xattn.count(num_layers) : 0;
  for (int64_t n = 0; n < num_layers + grafted; ++n) {
    const bool on_top = n >= num_layers;
    TrainStepFlops pair;
    if (on_top || config.xattn.at_block(n)) {
      pair += gated_flops(config, shape, wants(hidden, trainable.xattn), flow.media);
      if (shape.media > 0) sum += media_key_flops(config, shape, flow.media, trainable.xattn);
      hidden = hidden || trainable.xattn || (flow.media && shape.visible > 0);
    }
    pair += block_flops(config.lm, shape, wants(hidden, on_top ? trainable.xattn : trainable.lm));
    if (checkpoint_blocks && hidden) pair.recomputed = pair.forward;
    sum += pair;
  }
  return sum;
}

}  // namespace flamingo
