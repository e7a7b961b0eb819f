#include "flamingo/surgery/pack_frozen.h"

#include "flamingo/nn/packed_weight.h"

namespace flamingo::surgery {
namespace {

bool is_frozen(const nn::LinearImpl& layer) {
  return !layer.weight.requires_grad() && !(layer.bias.defined() && layer.bias.requires_grad());
}

/// Calls visit(LinearImpl&) for every linear layer inside `module`.
template <class Visit>
void for_each_linear(const torch::nn::Module& module, const Visit& visit) {
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (auto* layer = dynamic_cast<nn::LinearImpl*>(child.get())) visit(*layer);
  }
}

}  // namespace

std::optional<kernels::BlockType> block_type_of(FrozenFormat format) {
  if (format == FrozenFormat::kInt8) return kernels::BlockType::kQ8_0;
  if (format == FrozenFormat::kInt4) return kernels::BlockType::kQ4_1;
  return {};
}

void for_each_packable(const model::Flamingo& model, kernels::BlockType type,
                       const std::function<void(nn::LinearImpl&)>& visit) {
  const int64_t width = kernels::block_layout(type).values;
  const auto choose = [&](nn::LinearImpl& layer) {
    if (is_frozen(layer) && layer.weight.size(1) % width == 0) visit(layer);
  };
  for_each_linear(*model->lm->layers, choose);
  for_each_linear(*model->vision_encoder, choose);
}

void pack_frozen(model::Flamingo& model, FrozenFormat format) {
  const auto type = block_type_of(format);
  if (!type) return;
  bool any = false;
  for_each_packable(model, *type, [&](nn::LinearImpl& layer) {
    if (!layer.packed()) layer.pack(nn::PackedWeight::quantise(layer.weight, *type));
    any = true;
  });
  require(any, "pack_frozen", "expected a frozen linear layer in LM or vision encoder, got none",
          Hint{"call freeze() before"});
}

WeightBytes weight_bytes(const model::Flamingo& model) {
  WeightBytes bytes;
  for (const auto& parameter : model->parameters()) {
    (parameter.requires_grad() ? bytes.trained : bytes.frozen) +=
        static_cast<int64_t>(parameter.nbytes());
  }
  for_each_linear(*model, [&](const nn::LinearImpl& layer) {
    if (!layer.packed()) return;
    bytes.packed += layer.packed()->bytes();
    bytes.frozen -= static_cast<int64_t>(layer.weight.nbytes());  // whose place they take
  });
  return bytes;
}

}  // namespace flamingo::surgery
