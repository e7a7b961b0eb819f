#pragma once

#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "flamingo/model/flamingo.h"

namespace flamingo::model {

/// Which parts learn. The default is the paper's: vision encoder and LM frozen.
struct Trainable {
  bool vision = false;
  bool resampler = true;
  bool xattn = true;
  bool lm = false;
  bool additional_tokens = true;  ///< rows of the additional vocabulary, in and out

  template <class Visitor>
  void visit(Visitor& v) {
    v("vision", vision, "vision encoder");
    v("resampler", resampler, "resampler and what widens its output");
    v("xattn", xattn, "gated cross-attention layers and grafted blocks");
    v("lm", lm, "language model");
    v("additional_tokens", additional_tokens, "embeddings and head rows of additional tokens");
  }
};

/// Sets requires_grad of every parameter, once, before training. Trained ones become fp32 masters,
/// whatever type they were loaded in.
void freeze(Flamingo& model, const Trainable& trainable);

/// Names of the parameters that require gradients, in registration order.
std::vector<std::string> trainable_names(const torch::nn::Module& module);

}  // namespace flamingo::model
