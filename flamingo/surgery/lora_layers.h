#pragma once

#include <string>
#include <vector>

#include "flamingo/model/flamingo.h"

namespace flamingo::surgery {

/// Low-rank training of the frozen language model (Hu et al. 2021).
struct LoraConfig {
  int64_t rank = 8;
  double alpha = 16;
  std::vector<std::string> layers = {"qkv_proj", "o_proj"};

  template <class Visitor>
  void visit(Visitor& v) {
    v("rank", rank, "rank of the change");
    v("alpha", alpha, "the change is scaled by alpha / rank");
    v("layers", layers, "which layers of each block: qkv_proj, o_proj, up_proj, down_proj");
  }
};

/// Adds changes to the language model's layers whose names end so; A starts random, B at 0. Call
/// after freeze(). Throws Error for a name that no layer has, or a rank out of range.
void add_lora(model::Flamingo& model, const LoraConfig& config, uint64_t seed);

/// Puts all changes into their weights.
void merge_lora(model::Flamingo& model);

}  // namespace flamingo::surgery
