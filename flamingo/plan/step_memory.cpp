#include "flamingo/plan/step_memory.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "flamingo/kernels/tile.h"
#include "flamingo/nn/attention_cost.h"
#include "flamingo/plan/encoder_memory.h"
#include "flamingo/plan/kept_bytes.h"

namespace flamingo::plan {
namespace {

/// A stretch that checkpointing keeps by its input alone.
struct Stage {
  int64_t input = 0;
  int64_t shared = 0;  ///< of the input, what the units count as well
  bool checkpoints = false;
  std::vector<StepUnit> units;

  int64_t kept() const {
    int64_t sum = 0;
    for (const StepUnit& unit : units) sum += unit.kept;
    return sum;
  }
};

/// How a block of the LM's shape learns: frozen, as a whole, or at low rank.
struct BlockLearning {
  bool trained = false;
  bool packed = false;
  std::function<int64_t(std::string_view layer)> rank = [](std::string_view) { return 0; };
};

/// Sizes of a model's parts.
class Sizes {
 public:
  Sizes(const model::FlamingoConfig& config, const StepShape& shape, const StepTraining& training,
        const StepStorage& storage)
      : config_(config),
        shape_(shape),
        trainable_(training.parts),
        bytes_(storage.compute_bytes()),
        c_(storage.compute_bytes()),
        latents_(config.resampler ? config.resampler->num_latents
                                  : shape.frames * num_patches(config.vision)) {}

  /// Features of all media -> media tokens.
  StepUnit resampler() const;
  StepUnit media_projection() const;
  /// Keys and values of the media for one gated layer.
  StepUnit media_keys() const;
  StepUnit gated_attention() const;
  StepUnit gated_ffw() const;
  StepUnit block_attention(const BlockLearning& learning) const;
  StepUnit block_ffw(const BlockLearning& learning) const;
  /// Rows of the vocabulary, whose gradient is as large as all of it.
  StepUnit embedding() const;
  StepUnit last_norm() const {
    StepUnit unit = bytes_.norm(tokens(), config_.lm.dim, config_.lm.norm, trainable_.lm);
    unit.kept += hidden();
    return unit;
  }
  /// Logits of the target positions.
  StepUnit head() const;
  /// Keeps the logits; their gradient is as large.
  StepUnit loss() const {
    const int64_t logits = c_ * shape_.targets * (config_.lm.vocab + config_.lm.additional_vocab);
    return {logits, logits, 0};
  }

  int64_t hidden() const { return c_ * tokens() * config_.lm.dim; }
  int64_t media_keys_bytes() const { return c_ * media_rows() * 2 * gated_width(); }

 private:
  int64_t tokens() const { return shape_.sequences * shape_.tokens; }
  int64_t media_rows() const { return shape_.sequences * shape_.media * latents_; }
  int64_t gated_width() const { return config_.xattn.num_heads * config_.xattn.head_dim; }
  int64_t media_width() const {
    if (config_.widen_media) return config_.lm.dim;
    return config_.resampler ? config_.resampler->width : config_.vision.dim();
  }
  StepUnit resampler_attention(int64_t seen) const;
  bool wants_media_keys() const {
    return shape_.media > 0 &&
           (trainable_.xattn || GradientFlow(config_, shape_, trainable_).media);
  }
  bool has_gates() const { return config_.xattn.gate != lm::GateKind::kNone && trainable_.xattn; }

  const model::FlamingoConfig& config_;
  const StepShape& shape_;
  const model::Trainable& trainable_;
  KeptBytes bytes_;
  int64_t c_;
  int64_t latents_;  ///< R
};

/// Of one layer; `seen` rows of features. A transformer's queries are all rows, a perceiver's its
/// latents.
StepUnit Sizes::resampler_attention(int64_t seen) const {
  const resampler::ResamplerConfig& r = *config_.resampler;
  const bool trained = trainable_.resampler,
             perceiver = r.kind == resampler::ResamplerKind::kPerceiver;
  const int64_t count = shape_.num_clips(), width = r.heads * r.head_dim;
  const int64_t all = seen + count * r.num_latents, rows = perceiver ? count * r.num_latents : all;
  StepUnit unit = bytes_.norm(all, r.width, {}, trained) +
                  bytes_.linear(all, r.width, 2 * width, trained) +
                  bytes_.linear(rows, r.width, width, trained);
  if (r.qk_norm) {
    unit = unit + bytes_.norm(rows * r.heads, r.head_dim, {}, trained) +
           bytes_.norm(all * r.heads, r.head_dim, {}, trained);
  }
  const int64_t keys = all * ((rows / count + nn::kAttentionBlock - 1) / nn::kAttentionBlock);
  unit.kept += c_ * width * (rows + 2 * keys) + bytes_.softmax(r.heads * rows * all / count);
  return unit + bytes_.linear(rows, width, r.width, trained);
}

StepUnit Sizes::resampler() const {
  const GradientFlow flow(config_, shape_, trainable_);
  if (!config_.resampler || shape_.media == 0 || !flow.media) return {};
  const resampler::ResamplerConfig& r = *config_.resampler;
  const bool trained = trainable_.resampler;
  const int64_t latents = shape_.num_clips() * r.num_latents;
  const int64_t seen = shape_.num_pictures() * num_patches(config_.vision);
  const int64_t rows = r.kind == resampler::ResamplerKind::kMlp         ? seen
                       : r.kind == resampler::ResamplerKind::kPerceiver ? latents
                                                                        : seen + latents;
  StepUnit sum;
  if (r.dim != r.width) sum = sum + bytes_.linear(seen, r.dim, r.width, trained);
  for (int64_t layer = 0; layer < r.depth; ++layer) {
    if (r.kind != resampler::ResamplerKind::kMlp) sum = sum + resampler_attention(seen);
    sum = sum + bytes_.norm(rows, r.width, {}, trained) +
          bytes_.ffw(rows,
                     {.dim = r.width, .hidden = r.width * r.ffw_mult, .activation = r.activation},
                     trained);
  }
  sum = sum + bytes_.norm(latents, r.width, {}, trained);
  sum.kept += c_ * latents * r.width;  // the media themselves
  return sum;
}

StepUnit Sizes::media_projection() const {
  const GradientFlow flow(config_, shape_, trainable_);
  if (!config_.widen_media || shape_.media == 0 || !flow.media) return {};
  const int64_t in = config_.resampler ? config_.resampler->width : config_.vision.dim();
  StepUnit unit = bytes_.linear(media_rows(), in, config_.lm.dim, trainable_.resampler);
  unit.kept += c_ * media_rows() * config_.lm.dim;
  return unit;
}

StepUnit Sizes::media_keys() const {
  const lm::GatedXattnConfig& x = config_.xattn;
  const bool trained = trainable_.xattn;
  if (!wants_media_keys()) return {};
  StepUnit unit = bytes_.linear(media_rows(), media_width(), 2 * gated_width(), trained);
  unit.waiting = -media_keys_bytes();
  if (x.norm_media) unit = unit + bytes_.norm(media_rows(), media_width(), x.norm, trained);
  if (x.qk_norm) {
    unit = unit + bytes_.norm(media_rows() * x.num_heads, x.head_dim,
                              {.kind = nn::NormKind::kRmsNorm}, trained);
  }
  return unit;
}

StepUnit Sizes::gated_attention() const {
  if (shape_.visible == 0) return {};
  const lm::GatedXattnConfig& x = config_.xattn;
  const int64_t D = config_.lm.dim, width = gated_width(), rows = shape_.visible;
  const bool trained = trainable_.xattn;
  // Queries; keys and values of every group of tokens that see the same media; scores; the result,
  // which the gate multiplies.
  const int64_t groups = std::min(shape_.sequences * std::max<int64_t>(shape_.media, 1), rows);
  const int64_t seen =
      latents_ * (x.media_attention == lm::MediaAttention::kAllPrevious ? shape_.media : 1);
  StepUnit unit = bytes_.norm(rows, D, x.norm, trained);
  unit.kept += c_ * width * (rows + 2 * groups * seen) + bytes_.softmax(x.num_heads * rows * seen);
  unit.buffers =
      std::max(c_ * (2 * tokens() * D + 3 * rows * width),
               c_ * width * (2 * rows + 4 * groups * seen) + (8 + c_) * x.num_heads * rows * seen);
  unit.waiting = wants_media_keys() ? media_keys_bytes() : 0;
  if (x.qk_norm) {
    unit = unit +
           bytes_.norm(rows * x.num_heads, x.head_dim, {.kind = nn::NormKind::kRmsNorm}, trained);
  }
  unit = unit + bytes_.linear(rows, D, width, trained) + bytes_.linear(rows, width, D, trained);
  if (has_gates()) unit.kept += hidden();
  return unit;
}

StepUnit Sizes::gated_ffw() const {
  const lm::GatedXattnConfig& x = config_.xattn;
  if (x.form == lm::XattnForm::kVanilla) return {};
  const int64_t D = config_.lm.dim;
  StepUnit unit =
      bytes_.norm(tokens(), D, x.norm, trainable_.xattn) +
      bytes_.ffw(tokens(),
                 {.dim = D, .hidden = x.ffw_dim, .activation = x.activation, .gated = x.gated_ffw},
                 trainable_.xattn);
  if (has_gates()) unit.kept += hidden();  // the result, which the gate multiplies
  return unit;
}

StepUnit Sizes::block_attention(const BlockLearning& learning) const {
  const lm::DecoderConfig& lm = config_.lm;
  const int64_t B = shape_.sequences, T = shape_.tokens, D = lm.dim;
  const int64_t width = lm.num_heads * lm.head_dim, kv = lm.num_kv_heads * lm.head_dim;
  const nn::AttentionCost cost = nn::attention_cost(T, T, nn::KeyRange::kCausal);
  const bool trained = learning.trained;
  StepUnit unit = bytes_.norm(tokens(), D, lm.norm, trained);
  const bool relative = lm.position == lm::PositionKind::kRelative;
  const int64_t scores = B * lm.num_heads * cost.pairs;
  // Queries, scaled; keys and values as each block of queries copies them. One sequence needs no
  // copies, but keeps all of q, k and v, for the values, and the rotated keys.
  unit.kept += c_ * tokens() * width +
               (relative ? bytes_.plain_softmax(scores) : bytes_.softmax(scores)) +
               (B > 1 ? 2 * c_ * B * cost.keys * kv : c_ * T * (width + 3 * kv));
  // The last block of queries, which sees most keys, comes first in backward.
  const int64_t last_block = (T - 1) % nn::kAttentionBlock + 1;
  unit.buffers = c_ * tokens() * (D + 3 * width) +
                 (relative || c_ == 4 ? 8 + c_ : 3 * c_) * B * lm.num_heads * last_block * T;
  if (relative) {
    unit.kept += c_ * B * width * T;  // the sinusoids' projection, once for each sequence
    unit.buffers += 8 * B * lm.num_heads * T * T;
    if (trained) unit = unit + bytes_.linear(T, D, width, true) + StepUnit{c_ * tokens() * width};
  }
  if (learning.packed) unit.buffers += c_ * D * (width + 2 * kv);
  unit = unit + bytes_.lora(tokens(), D, width + 2 * kv, learning.rank("qkv_proj")) +
         bytes_.lora(tokens(), width, D, learning.rank("o_proj"));
  return trained ? unit + bytes_.linear(tokens(), D, width + 2 * kv, true) +
                       bytes_.linear(tokens(), width, D, true)
                 : unit;
}

StepUnit Sizes::block_ffw(const BlockLearning& learning) const {
  const lm::DecoderConfig& lm = config_.lm;
  const nn::MlpConfig mlp{
      .dim = lm.dim, .hidden = lm.ffw_dim, .activation = lm.activation, .gated = lm.gated_ffw};
  const int64_t up = lm.ffw_dim * (lm.gated_ffw ? 2 : 1);
  StepUnit unit = bytes_.norm(tokens(), lm.dim, lm.norm, learning.trained) +
                  bytes_.ffw(tokens(), mlp, learning.trained) +
                  bytes_.lora(tokens(), lm.dim, up, learning.rank("up_proj")) +
                  bytes_.lora(tokens(), lm.ffw_dim, lm.dim, learning.rank("down_proj"));
  if (learning.packed) unit.buffers += c_ * lm.dim * up;
  return unit;
}

StepUnit Sizes::embedding() const {
  if (!trainable_.lm) return {};
  const int64_t rows = 4 * config_.lm.vocab * config_.lm.dim;
  return {0, rows, config_.lm.tied_embeddings ? 0 : rows};
}

StepUnit Sizes::head() const {
  const lm::DecoderConfig& lm = config_.lm;
  StepUnit unit;
  if (trainable_.lm) {
    unit = bytes_.linear(shape_.targets, lm.dim, lm.vocab, true);
    unit.buffers = 2 * c_ * shape_.targets * lm.vocab + unit.gradients;
  }
  if (trainable_.additional_tokens) unit.gradients += 8 * lm.additional_vocab * lm.dim;
  return unit;
}

/// The stages of a step in the order of its forward pass.
class StageList {
 public:
  StageList(const model::FlamingoConfig& config, const StepShape& shape,
            const StepTraining& training, const StepStorage& storage)
      : config_(config),
        shape_(shape),
        training_(training),
        storage_(storage),
        sizes_(config, shape, training, storage),
        flow_(config, shape, training.parts),
        hidden_(flow_.hidden) {}

  std::vector<Stage> all() {
    if (flow_.features) {
      stages_.push_back({.units = encoder_units(config_.vision, shape_.num_pictures(),
                                                storage_.compute_bytes())});
    }
    stages_.push_back({.units = {sizes_.embedding()}});
    stages_.push_back({.units = {sizes_.resampler(), sizes_.media_projection()}});
    const int64_t layers = config_.lm.num_layers, gated = config_.xattn.count(layers);
    stages_.push_back(
        {.units = std::vector<StepUnit>(static_cast<size_t>(gated), sizes_.media_keys())});
    for (int64_t n = 0; n < layers; ++n) add_pair(n);
    if (config_.xattn.form == lm::XattnForm::kGrafting) {
      for (int64_t i = 0; i < gated; ++i) add_grafted();
    }
    stages_.push_back({.units = {sizes_.last_norm(), sizes_.head(), sizes_.loss()}});
    return std::move(stages_);
  }

 private:
  /// `trained_first`: the first norm is a trained one.
  Stage new_stage(bool gated, bool trained_first) const {
    // In fp32 a norm keeps the hidden states themselves, in bf16 only a frozen RMS norm does.
    const bool frozen_rms = !trained_first && config_.lm.norm.kind == nn::NormKind::kRmsNorm;
    Stage stage{.input = sizes_.hidden(),
                .shared = storage_.compute_bytes() == 4 || frozen_rms ? sizes_.hidden() : 0,
                .checkpoints = storage_.checkpoint_blocks};
    if (gated && shape_.media > 0) stage.input += sizes_.media_keys_bytes();
    return stage;
  }
  /// Adds a unit where something before or in it wants a gradient.
  void add(Stage& stage, const StepUnit& unit, bool learns) {
    hidden_ = hidden_ || learns;
    if (hidden_) stage.units.push_back(unit);
  }
  void add_gated(Stage& stage) {
    add(stage, sizes_.gated_attention(),
        training_.parts.xattn || (flow_.media && shape_.visible > 0));
    add(stage, sizes_.gated_ffw(), false);
  }
  void end(Stage stage) {
    if (!stage.units.empty()) stages_.push_back(std::move(stage));
  }

  /// A block of the LM, and the gated layer before or inside it.
  void add_pair(int64_t n) {
    const bool gated = config_.xattn.at_block(n);
    const bool inside = config_.xattn.form == lm::XattnForm::kVanilla;
    const auto rank = [this](std::string_view layer) { return training_.lora_rank(layer); };
    const BlockLearning learning{training_.parts.lm,
                                 surgery::block_type_of(storage_.frozen).has_value(), rank};
    Stage stage = new_stage(gated, training_.parts.lm || (gated && !inside));
    if (gated && !inside) add_gated(stage);
    add(stage, sizes_.block_attention(learning),
        training_.parts.lm || rank("qkv_proj") > 0 || rank("o_proj") > 0);
    if (gated && inside) add_gated(stage);
    add(stage, sizes_.block_ffw(learning), rank("up_proj") > 0 || rank("down_proj") > 0);
    end(std::move(stage));
  }
  void add_grafted() {
    const BlockLearning learning{.trained = training_.parts.xattn};
    Stage stage = new_stage(true, learning.trained);
    add(stage, sizes_.block_attention(learning), learning.trained);
    add(stage, sizes_.block_ffw(learning), false);
    add_gated(stage);
    end(std::move(stage));
  }

  const model::FlamingoConfig& config_;
  const StepShape& shape_;
  const StepTraining& training_;
  const StepStorage& storage_;
  Sizes sizes_;
  GradientFlow flow_;
  bool hidden_;  ///< whether the hidden states so far want a gradient
  std::vector<Stage> stages_;
};

/// Frozen and trained weights in bytes, on the meta device.
void add_weights(const model::FlamingoConfig& config, const StepTraining& training,
                 const StepStorage& storage, StepMemory& memory) {
  const auto compute = storage.compute_bytes() == 4 ? torch::kFloat32 : torch::kBFloat16;
  model::Flamingo model(config, lm::WeightOptions::of(compute, torch::kMeta));
  model::freeze(model, training.parts);
  if (training.lora) surgery::add_lora(model, *training.lora, 0);
  const auto type = surgery::block_type_of(storage.frozen);
  for (const auto& parameter : model->parameters()) {
    (parameter.requires_grad() ? memory.masters : memory.frozen) +=
        static_cast<int64_t>(parameter.nbytes());
  }
  memory.moments = 2 * memory.masters;
  if (!type) return;
  surgery::for_each_packable(model, *type, [&](const nn::LinearImpl& layer) {
    const int64_t rows =
        (layer.weight.size(0) + kernels::kTileRows - 1) / kernels::kTileRows * kernels::kTileRows;
    const kernels::BlockLayout layout = kernels::block_layout(*type);
    memory.frozen += rows * layer.weight.size(1) / layout.values * layout.bytes -
                     layer.weight.numel() * storage.compute_bytes();
  });
}

}  // namespace

StepMemory step_memory(const model::FlamingoConfig& config, const StepShape& shape,
                       const StepTraining& training, const StepStorage& storage) {
  config.validate();
  StepMemory memory;
  add_weights(config, training, storage, memory);
  const bool frozen_encoder = shape.encodes && shape.media > 0 && !training.parts.vision;
  if (frozen_encoder) memory.frozen += folded_bytes(config.vision, storage.compute_bytes());
  const auto stages = StageList(config, shape, training, storage).all();
  int64_t kept = 0, gradients = storage.accumulates ? memory.masters : 0;
  StepMemory peak = memory;
  const auto see = [&](int64_t activations, int64_t logits, int64_t buffers) {
    StepMemory now = memory;
    now.gradients = gradients;
    now.activations = activations - logits;
    now.logits = logits;
    now.buffers = buffers;
    if (now.peak() > peak.peak()) peak = now;
  };
  if (frozen_encoder)
    see(0, 0, encoder_buffers(config.vision, shape.num_pictures(), storage.compute_bytes()));
  for (const Stage& stage : stages) kept += stage.checkpoints ? stage.input : stage.kept();
  // Forwards, keys and values of all media stay until the last layer has read them.
  const int64_t keys = shape.media > 0 && !storage.checkpoint_blocks
                           ? config.xattn.count(config.lm.num_layers) *
                                 Sizes(config, shape, training, storage).media_keys_bytes()
                           : 0;
  see(kept - stages.back().kept(), 0, keys);
  // Backwards, a stage's activations go, its gradients come.
  for (size_t s = stages.size(); s-- > 0;) {
    const Stage& stage = stages[s];
    if (stage.checkpoints) kept += stage.kept() - stage.shared;
    for (size_t u = stage.units.size(); u-- > 0;) {
      const StepUnit& unit = stage.units[u];
      const bool loss = s + 1 == stages.size() && u + 1 == stage.units.size();
      see(kept, loss ? unit.kept : 0, unit.buffers);
      kept += unit.waiting - unit.kept;
      if (!storage.accumulates) gradients += unit.gradients;
    }
    if (stage.checkpoints) kept -= stage.input - stage.shared;
  }
  see(0, 0, 0);  // the update
  return peak;
}

}  // namespace flamingo::plan
