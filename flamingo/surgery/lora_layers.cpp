#include "flamingo/surgery/lora_layers.h"

#include <functional>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/nn/init.h"

namespace flamingo::surgery {
namespace {

/// Calls visit(name, layer) for every linear layer of the language model's blocks.
void for_each_linear(const model::Flamingo& model,
                     const std::function<void(const std::string&, nn::LinearImpl&)>& visit) {
  for (const auto& item : model->lm->layers->named_modules()) {
    if (auto linear = std::dynamic_pointer_cast<nn::LinearImpl>(item.value()))
      visit(item.key(), *linear);
  }
}

}  // namespace

void add_lora(model::Flamingo& model, const LoraConfig& config, uint64_t seed) {
  for (const std::string& name : config.layers) {
    bool found = false;
    for_each_linear(model, [&](const std::string& path, nn::LinearImpl& linear) {
      if (!path.ends_with("." + name)) return;
      found = true;
      linear.add_lora(config.rank, config.alpha);
      if (linear.lora->a.is_meta()) return;  // has no values
      nn::init_weights(*linear.lora, Rng::for_name(seed, path).next());
    });
    require(found, "lora.layers", "expected the name of a layer of the LM's blocks, got {}", name);
  }
}

void merge_lora(model::Flamingo& model) {
  for_each_linear(model, [](const std::string&, nn::LinearImpl& linear) { linear.merge_lora(); });
}

}  // namespace flamingo::surgery
