#include "flamingo/model/step_memory.h"

#include <algorithm>
#include <vector>

#include "flamingo/nn/attention_cost.h"

namespace flamingo {
namespace {

/// A stretch of the forward pass: what it keeps, what its backward pass works with besides, and
/// the gradients that this leaves. In bytes.
struct Unit {
  int64_t kept = 0;
  int64_t buffers = 0;
  int64_t gradients = 0;
};

/// A stretch that checkpointing keeps by its input alone.
struct Stage {
  int64_t input = 0;
  int64_t shared = 0;  ///< of the input, what the units count as well
  bool checkpoints = false;
  std::vector<Unit> units;

  int64_t kept() const {
    int64_t sum = 0;
    for (const Unit& unit : units) sum += unit.kept;
    return sum;
  }
};

/// Bytes of values in the compute type, which has `c` bytes.
///
/// What an operation keeps: a product its factors, where the other one wants a gradient (a trained
/// weight's copy in the compute type too); a norm its input in fp32; softmax its result in fp32,
/// and in the compute type as a factor; pointwise functions their input or result.
class Sizes {
 public:
  Sizes(const FlamingoConfig& config, const StepShape& shape, const Trainable& trainable,
        const StepStorage& storage)
      : config_(config),
        shape_(shape),
        trainable_(trainable),
        c_(storage.compute_bytes()),
        packed_(block_type_of(storage.frozen).has_value()),
        latents_(config.resampler ? config.resampler->num_latents
                                  : shape.frames * num_patches(config.vision)) {}

  /// Features of all media -> media tokens.
  Unit resampler() const;
  Unit media_projection() const;
  /// Keys and values of the media for one gated layer.
  Unit media_keys() const;
  Unit gated_attention() const;
  Unit gated_ffw() const;
  Unit block_attention() const;
  Unit block_ffw() const;
  Unit last_norm() const {
    Unit unit = norm(tokens(), config_.lm.dim, config_.lm.norm, trainable_.lm);
    unit.kept += hidden();
    return unit;
  }
  /// Logits and loss of the target positions.
  Unit head() const;

  int64_t hidden() const { return c_ * tokens() * config_.lm.dim; }
  int64_t media_keys_bytes() const { return c_ * media_rows() * 2 * gated_width(); }

 private:
  int64_t tokens() const { return shape_.sequences * shape_.tokens; }
  int64_t media_rows() const { return shape_.sequences * shape_.media * latents_; }
  int64_t gated_width() const { return config_.xattn.num_heads * config_.xattn.head_dim; }
  int64_t media_width() const {
    if (config_.widen_media) return config_.lm.dim;
    return config_.resampler ? config_.resampler->width : encoder_width();
  }
  int64_t encoder_width() const {
    return config_.vision.nfnet ? config_.vision.nfnet->dim() : config_.vision.clip_vit->width;
  }

  /// A trained product [rows, in] x [in, out] keeps its input and the weight's copy.
  Unit trained_linear(int64_t rows, int64_t in, int64_t out) const {
    const int64_t copy = c_ == 4 ? 0 : c_ * in * out;
    return {c_ * rows * in + copy, copy, 4 * in * out};
  }
  static Unit norm(int64_t rows, int64_t dim, const NormConfig& config, bool trained) {
    const bool rms = config.kind == NormKind::kRmsNorm;
    return {4 * rows * (dim * (rms && trained ? 2 : 1) + 2), 0,
            trained ? 4 * dim * (rms || !config.bias ? 1 : 2) : 0};
  }
  /// Softmax of `scores` values and the product after it.
  int64_t softmax(int64_t scores) const { return (c_ == 4 ? 4 : 4 + c_) * scores; }
  /// Hidden values of a feed-forward part: as it keeps them, and as its backward pass works.
  Unit ffw(int64_t rows, int64_t dim, int64_t width, bool gated, bool trained) const;

  const FlamingoConfig& config_;
  const StepShape& shape_;
  const Trainable& trainable_;
  int64_t c_;
  bool packed_;
  int64_t latents_;  ///< R
};

Unit operator+(const Unit& a, const Unit& b) {
  return {a.kept + b.kept, std::max(a.buffers, b.buffers), a.gradients + b.gradients};
}

Unit Sizes::ffw(int64_t rows, int64_t dim, int64_t width, bool gated, bool trained) const {
  // gated: gate and up (one tensor), activation(gate); and their product, for a trained `down`.
  Unit unit{c_ * rows * width * (gated ? 3 : 1), c_ * rows * (2 * dim + (gated ? 4 : 2) * width),
            0};
  if (!trained) return unit;
  Unit up = trained_linear(rows, dim, (gated ? 2 : 1) * width);
  Unit down = trained_linear(rows, width, dim);
  const int64_t weight = std::max(up.buffers, down.buffers);
  unit = unit + up + down;
  unit.buffers += weight;
  return unit;
}

Unit Sizes::resampler() const {
  if (!config_.resampler || shape_.media == 0 || !trainable_.resampler) return {};
  const ResamplerConfig& r = *config_.resampler;
  const int64_t count = shape_.sequences * shape_.media, rows = count * r.num_latents;
  const int64_t seen = count * shape_.frames * num_patches(config_.vision);
  const int64_t width = r.heads * r.head_dim;
  const NormConfig layer_norm;
  Unit sum;
  if (r.dim != r.width) sum = sum + trained_linear(seen, r.dim, r.width);
  for (int64_t layer = 0; layer < r.depth; ++layer) {
    sum = sum + norm(seen, r.width, layer_norm, true) + norm(rows, r.width, layer_norm, true) +
          trained_linear(seen + rows, r.width, 2 * width) + trained_linear(rows, r.width, width) +
          Unit{c_ * width * (rows + 2 * (seen + rows)) +
               softmax(r.heads * rows * (seen + rows) / count)} +
          trained_linear(rows, width, r.width) + norm(rows, r.width, layer_norm, true) +
          ffw(rows, r.width, r.width * r.ffw_mult, false, true);
  }
  sum = sum + norm(rows, r.width, layer_norm, true);
  sum.kept += c_ * rows * r.width;  // the media themselves
  return sum;
}

Unit Sizes::media_projection() const {
  if (!config_.widen_media || !trainable_.resampler || shape_.media == 0) return {};
  const int64_t in = config_.resampler ? config_.resampler->width : encoder_width();
  Unit unit = trained_linear(media_rows(), in, config_.lm.dim);
  unit.kept += c_ * media_rows() * config_.lm.dim;
  return unit;
}

Unit Sizes::media_keys() const {
  if (!trainable_.xattn || shape_.media == 0) return {};
  Unit unit = trained_linear(media_rows(), media_width(), 2 * gated_width());
  if (config_.xattn.norm_media)
    unit = unit + norm(media_rows(), media_width(), config_.xattn.norm, true);
  return unit;
}

Unit Sizes::gated_attention() const {
  if (shape_.visible == 0) return {};
  const GatedXattnConfig& x = config_.xattn;
  const int64_t D = config_.lm.dim, width = gated_width(), rows = shape_.visible;
  const bool trained = trainable_.xattn;
  // Queries; keys and values of every group of tokens that see one medium; scores; the result,
  // which the gate multiplies.
  const int64_t groups = std::min(shape_.sequences * std::max<int64_t>(shape_.media, 1), rows);
  Unit unit = norm(rows, D, x.norm, trained);
  unit.kept += c_ * width * (rows + 2 * groups * latents_) + softmax(x.num_heads * rows * latents_);
  unit.buffers = c_ * (2 * tokens() * D + 3 * rows * width);
  if (trained) {
    unit = unit + trained_linear(rows, D, width) + trained_linear(rows, width, D);
    unit.kept += hidden();
  }
  return unit;
}

Unit Sizes::gated_ffw() const {
  const GatedXattnConfig& x = config_.xattn;
  const int64_t D = config_.lm.dim;
  Unit unit = norm(tokens(), D, x.norm, trainable_.xattn) +
              ffw(tokens(), D, x.ffw_dim, x.gated_ffw, trainable_.xattn);
  if (trainable_.xattn) unit.kept += hidden();  // the result, which the gate multiplies
  return unit;
}

Unit Sizes::block_attention() const {
  const DecoderConfig& lm = config_.lm;
  const int64_t B = shape_.sequences, T = shape_.tokens, D = lm.dim;
  const int64_t width = lm.num_heads * lm.head_dim, kv = lm.num_kv_heads * lm.head_dim;
  const AttentionCost cost = attention_cost(T, T, KeyRange::kCausal);
  const bool trained = trainable_.lm;
  Unit unit = norm(tokens(), D, lm.norm, trained);
  // Queries, scaled; keys and values as each block of queries copies them. One sequence needs no
  // copies, but keeps all of q, k and v before and after rotation.
  unit.kept += c_ * tokens() * width + softmax(B * lm.num_heads * cost.pairs) +
               (B > 1 ? 2 * c_ * B * cost.keys * kv : c_ * T * (2 * width + 3 * kv));
  // The last block of queries, which sees most keys, comes first in backward.
  const int64_t last_block = (T - 1) % kAttentionBlock + 1;
  unit.buffers = c_ * tokens() * (D + 3 * width) + (8 + c_) * B * lm.num_heads * last_block * T;
  if (lm.position == PositionKind::kRelative) {
    unit.kept += c_ * B * width * T;  // the sinusoids' projection, once for each sequence
    unit.buffers += 8 * B * lm.num_heads * T * T;
    if (trained) unit = unit + trained_linear(T, D, width) + Unit{c_ * tokens() * width};
  }
  if (packed_) unit.buffers += c_ * D * (width + 2 * kv);
  return trained ? unit + trained_linear(tokens(), D, width + 2 * kv) +
                       trained_linear(tokens(), width, D)
                 : unit;
}

Unit Sizes::block_ffw() const {
  const DecoderConfig& lm = config_.lm;
  Unit unit = norm(tokens(), lm.dim, lm.norm, trainable_.lm) +
              ffw(tokens(), lm.dim, lm.ffw_dim, lm.gated_ffw, trainable_.lm);
  if (packed_) unit.buffers += c_ * lm.dim * lm.ffw_dim * (lm.gated_ffw ? 2 : 1);
  return unit;
}

Unit Sizes::head() const {
  const DecoderConfig& lm = config_.lm;
  const int64_t scores = shape_.targets * (lm.vocab + lm.additional_vocab);
  // log_softmax keeps its result; the loss's gradient and its own are as large.
  Unit unit{4 * scores, 8 * scores, 0};
  if (trainable_.lm) unit.gradients += 4 * lm.vocab * lm.dim;
  if (trainable_.additional_tokens) unit.gradients += 8 * lm.additional_vocab * lm.dim;
  return unit;
}

/// The stages of a step in the order of its forward pass.
std::vector<Stage> stages_of(const FlamingoConfig& config, const StepShape& shape,
                             const Trainable& trainable, const StepStorage& storage) {
  const Sizes sizes(config, shape, trainable, storage);
  const GradientFlow flow(config, shape, trainable);
  std::vector<Stage> stages{{.units = {sizes.resampler(), sizes.media_projection()}}};
  const int64_t gated = config.xattn.count(config.lm.num_layers);
  stages.push_back({.units = std::vector<Unit>(static_cast<size_t>(gated), sizes.media_keys())});
  bool hidden = flow.hidden;
  for (int64_t n = 0; n < config.lm.num_layers; ++n) {
    // In fp32 a norm keeps the hidden states themselves.
    Stage pair{.input = sizes.hidden(),
               .shared = storage.compute_bytes() == 4 ? sizes.hidden() : 0,
               .checkpoints = storage.checkpoint_blocks};
    if (config.xattn.at_block(n)) {
      hidden = hidden || trainable.xattn || (flow.media && shape.visible > 0);
      if (shape.media > 0) pair.input += sizes.media_keys_bytes();
      if (hidden) pair.units = {sizes.gated_attention(), sizes.gated_ffw()};
    }
    if (!hidden) continue;  // nothing before wants a gradient
    pair.units.push_back(sizes.block_attention());
    pair.units.push_back(sizes.block_ffw());
    stages.push_back(std::move(pair));
  }
  stages.push_back({.units = {sizes.last_norm(), sizes.head()}});
  return stages;
}

/// Frozen and trained weights in bytes, on the meta device.
void add_weights(const FlamingoConfig& config, const Trainable& trainable,
                 const StepStorage& storage, StepMemory& memory) {
  Flamingo model(config, WeightOptions::of(torch::kBFloat16, torch::kMeta));
  freeze(model, trainable);
  const auto type = block_type_of(storage.frozen);
  for (const auto& parameter : model->parameters()) {
    (parameter.requires_grad() ? memory.masters : memory.frozen) +=
        parameter.numel() * (parameter.requires_grad() ? 4 : storage.compute_bytes());
  }
  memory.moments = 2 * memory.masters;
  if (!type) return;
  for_each_packable(model, *type, [&](const LinearImpl& layer) {
    const int64_t rows = (layer.weight.size(0) + kTileRows - 1) / kTileRows * kTileRows;
    const BlockLayout layout = block_layout(*type);
    memory.frozen += rows * layer.weight.size(1) / layout.values * layout.bytes -
                     layer.weight.numel() * storage.compute_bytes();
  });
}

}  // namespace

StepMemory step_memory(const FlamingoConfig& config, const StepShape& shape,
                       const Trainable& trainable, const StepStorage& storage) {
  config.validate();
  StepMemory memory;
  add_weights(config, trainable, storage, memory);
  const auto stages = stages_of(config, shape, trainable, storage);
  int64_t kept = 0, gradients = storage.accumulates ? memory.masters : 0;
  for (const Stage& stage : stages) kept += stage.checkpoints ? stage.input : stage.kept();
  // Backwards: a stage's activations go, its gradients come.
  StepMemory peak = memory;
  const auto see = [&](int64_t activations, int64_t logits, int64_t buffers) {
    StepMemory now = memory;
    now.gradients = gradients;
    now.activations = activations - logits;
    now.logits = logits;
    now.buffers = buffers;
    if (now.peak() > peak.peak()) peak = now;
  };
  for (size_t s = stages.size(); s-- > 0;) {
    const Stage& stage = stages[s];
    if (stage.checkpoints) kept += stage.kept() - stage.shared;
    for (size_t u = stage.units.size(); u-- > 0;) {
      const Unit& unit = stage.units[u];
      const bool head = s + 1 == stages.size() && u + 1 == stage.units.size();
      see(kept, head ? unit.kept : 0, unit.buffers);
      kept -= unit.kept;
      if (!storage.accumulates) gradients += unit.gradients;
    }
    if (stage.checkpoints) kept -= stage.input - stage.shared;
  }
  see(0, 0, 0);  // the update
  return peak;
}

}  // namespace flamingo
