#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flamingo/model/config.h"
#include "flamingo/model/freeze.h"
#include "flamingo/surgery/lora_layers.h"
#include "flamingo/surgery/pack_frozen.h"
#include "flamingo/train/mixture.h"
#include "flamingo/train/train_sources.h"
#include "flamingo/train/trainer.h"

namespace flamingo::train {

/// Parts whose pretrained weights are not used (paper, table 3 row viii and table 10 row v).
struct RandomInit {
  bool encoder = false;
  bool lm = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("encoder", encoder, "vision encoder");
    v("lm", lm, "language model");
  }
};

/// Stage 2 and fine-tuning: what is trained, from where, on what. Defaults make the default model
/// (3 to 4 million parameters of resampler, 18 million of gated layers).
struct TrainFlamingoRecipe {
  std::string model;
  std::string lm;
  std::string encoder;
  int64_t image_size = 0;
  resampler::ResamplerConfig resampler{
      .width = 384, .depth = 2, .heads = 6, .head_dim = 64, .num_latents = 8};
  lm::GatedXattnConfig xattn{
      .first = 4, .every = 6, .num_heads = 8, .head_dim = 64, .ffw_dim = 2304};
  model::TokenConfig tokens{.additional = {"<image>", "<EOC>"}};
  model::Trainable trainable;
  RandomInit random_init;
  std::optional<surgery::LoraConfig> lora;
  surgery::FrozenFormat frozen = surgery::FrozenFormat::kBf16;
  bool checkpoint_blocks = false;
  uint64_t seed = 1;
  MixtureConfig mixture;
  std::vector<SourceConfig> sources;
  ValidationConfig validation;
  int64_t blind_every = 50;
  std::string features;
  TrainConfig train;
  parallel::ParallelConfig parallel;

  template <class Visitor>
  void visit(Visitor& v) {
    v("model", model,
      "folder of a trained model to go on from; the next fields up to tokens then do not count");
    v("lm", lm, "language model, a LLaMA-family GGUF");
    v("encoder", encoder,
      "pretrained encoder: folder of flamingo pretrain-vision or of a CLIP, file or folder of an "
      "EfficientNet-Lite");
    v("resampler", resampler, "Perceiver Resampler; its dim is the encoder's");
    v("xattn", xattn, "gated cross-attention layers");
    v("tokens", tokens, "special tokens");
    v("image_size", image_size, "pixels of a picture's side; 0: what the encoder was trained with");
    v("trainable", trainable, "which parts learn");
    v("random_init", random_init, "which pretrained parts start anew instead");
    v("lora", lora, "low-rank training of the frozen language model; null: none");
    v("frozen", frozen,
      "frozen weights: bf16, int8 or int4, computing in bf16 with fp32 masters; fp32: all fp32");
    v("checkpoint_blocks", checkpoint_blocks,
      "keep the inputs of blocks only and compute the rest again in backward: less memory");
    v("seed", seed, "decides initial weights");
    v("mixture", mixture, "how the sources come together");
    v("sources", sources, "what is trained on");
    v("validation", validation, "what is looked at beside");
    v("blind_every", blind_every, "steps between losses without pictures; 0: never");
    v("features", features,
      "folder of the features of stored views, for one run at a time; empty: <output>/features");
    v("train", train, "steps, optimizer, schedule, output");
    v("parallel", parallel, "how the processes of a job share the work; may change at any start");
  }
  /// Throws Error when a field is out of its range.
  void validate();
  std::string features_folder() const {
    return features.empty() ? train.output + "/features" : features;
  }
};

/// A recipe from its JSON, not yet validated. Throws Error naming the file `where`, also when the
/// recipe is stage 1's.
TrainFlamingoRecipe train_recipe_of(const Json& json, const std::string& where);

}  // namespace flamingo::train
