#pragma once

#include <string>

#include "flamingo/data/augment.h"
#include "flamingo/data/episodes.h"
#include "flamingo/model/flamingo.h"
#include "flamingo/text/tokenizer.h"
#include "flamingo/train/trainer.h"

namespace flamingo {

/// Stage 2: resampler and gated layers between a frozen encoder and a frozen language model.
/// Defaults make the default model (3 to 4 million parameters of resampler, 18 million of gated
/// layers).
struct TrainFlamingoRecipe {
  std::string pictograms = "build/data/pictograms.safetensors";
  std::string lm = ".deps/lm/SmolLM2-135M-Instruct.Q4_1.gguf";
  std::string encoder = "runs/pictogram/vision/encoder";
  uint64_t seed = 1;
  bool bf16 = true;
  EpisodeConfig data;
  AugmentConfig augment;
  ResamplerConfig resampler{.width = 384, .depth = 2, .heads = 6, .head_dim = 64, .num_latents = 8};
  GatedXattnConfig xattn{.first = 4, .every = 6, .num_heads = 8, .head_dim = 64, .ffw_dim = 2304};
  TokenConfig tokens{.additional = {"<image>", "<EOC>"}};
  TrainConfig train;

  template <class Visitor>
  void visit(Visitor& v) {
    v("pictograms", pictograms, "file of pictograms (flamingo data pictograms)");
    v("lm", lm, "language model, a LLaMA-family GGUF");
    v("encoder", encoder, "folder of the pretrained encoder (flamingo pretrain-vision)");
    v("seed", seed, "decides initial weights and views");
    v("bf16", bf16, "compute in bf16 with fp32 masters; false: all fp32");
    v("data", data, "kinds and sizes of the sequences");
    v("augment", augment, "variation of the pictures");
    v("resampler", resampler, "Perceiver Resampler; its dim is the encoder's");
    v("xattn", xattn, "gated cross-attention layers");
    v("tokens", tokens, "special tokens");
    v("train", train, "steps, optimizer, schedule, output");
  }
};

/// What prompts and training sequences are made of: <bos>, the picture mark, the end of a chunk.
/// `tokenizer` knows the additional tokens already. Throws Error when a mark has no tokens.
SequenceTokens sequence_tokens(const Tokenizer& tokenizer, const TokenConfig& tokens);

/// Encodes all training drawings once (<output>/features), trains, and writes the model to
/// <output>/model when done. Goes on where an earlier call stopped. Throws Error as train() and the
/// readers of the files do.
TrainResult train_flamingo(const TrainFlamingoRecipe& recipe, const TrainHooks& hooks);

}  // namespace flamingo
