#include "flamingo/nn/linear.h"

#include <utility>

#include "flamingo/core/shape.h"
#include "flamingo/nn/packed_weight.h"
#include "flamingo/nn/product.h"

namespace flamingo::nn {

torch::Tensor cast_like(const torch::Tensor& tensor, const torch::Tensor& like) {
  return tensor.scalar_type() == like.scalar_type() ? tensor : tensor.to(like.scalar_type());
}

torch::Tensor linear_by_rows(const torch::Tensor& x, const torch::Tensor& weight,
                             const torch::Tensor& bias) {
  if (x.dim() == 2) return matrix_product(x, weight.t(), bias);
  const auto rows = x.reshape({-1, x.size(-1)});
  auto sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  return matrix_product(rows, weight.t(), bias).view(sizes);
}

LinearImpl::LinearImpl(int64_t in, int64_t out, bool with_bias, const torch::TensorOptions& options)
    : weight(register_parameter("weight", torch::empty({out, in}, options))) {
  if (with_bias) bias = register_parameter("bias", torch::empty({out}, options));
}

LinearImpl::~LinearImpl() = default;

torch::Tensor LinearImpl::forward(const torch::Tensor& x) const {
  if (x.dim() < 1 || x.size(-1) != weight.size(1)) {
    fail("Linear", "expected x [..., {}], got {}", weight.size(1), x.sizes());
  }
  const auto offset = bias.defined() ? cast_like(bias, x) : torch::Tensor();
  if (around.empty()) return product(x, offset);
  auto inner = x;
  for (const auto& shared : around) inner = shared->before(inner);
  auto y = product(inner, {});
  for (auto shared = around.rbegin(); shared != around.rend(); ++shared) y = (*shared)->after(y);
  return offset.defined() ? y + offset : y;
}

torch::Tensor LinearImpl::product(const torch::Tensor& x, const torch::Tensor& offset) const {
  const auto y =
      packed_ ? packed_linear(x, packed_, offset) : linear_by_rows(x, cast_like(weight, x), offset);
  return lora ? y + lora->forward(x) : y;
}

void LinearImpl::add_lora(int64_t rank, double alpha) {
  require(!lora, "Linear::add_lora", "expected a layer without LoRA, got one with it");
  const auto device = packed_ ? torch::Device(torch::kCPU) : weight.device();
  lora = register_module("lora", Lora(weight.size(1), weight.size(0), rank, alpha, device));
}

void LinearImpl::merge_lora() {
  if (!lora) return;
  require(!packed_, "Linear::merge_lora", "expected a plain weight, got blocks");
  const torch::NoGradGuard no_grad;
  weight.copy_(weight.to(torch::kFloat32) + lora->change());
  unregister_module("lora");
  lora = nullptr;
}

void LinearImpl::pack(c10::intrusive_ptr<PackedWeight> blocks) {
  require(!weight.requires_grad() && !(bias.defined() && bias.requires_grad()), "Linear::pack",
          "expected a frozen layer, got a trained one", Hint{"pack after freeze()"});
  require(blocks->rows() == weight.size(0) && blocks->cols() == weight.size(1), "Linear::pack",
          "expected blocks of {}, got [{}, {}]", weight.sizes(), blocks->rows(), blocks->cols());
  packed_ = std::move(blocks);
  weight = torch::empty(weight.sizes(), weight.options().device(torch::kMeta));
  parameters_["weight"] = weight;
}

}  // namespace flamingo::nn
