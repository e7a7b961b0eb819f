#include "flamingo/nn/init.h"

#include <cmath>
#include <string>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"

namespace flamingo::nn {
namespace {

constexpr double kEmbeddingDeviation = 0.02;

std::string last_segment(const std::string& name) { return name.substr(name.rfind('.') + 1); }

bool starts_at_zero(const std::string& leaf) {
  return leaf == "bias" || leaf == "in_proj_bias" || leaf.ends_with("gate") ||
         leaf.starts_with("alpha_") || leaf.starts_with("log_");
}

bool is_matrix(const std::string& leaf, const torch::Tensor& parameter) {
  return leaf.ends_with("weight") && parameter.dim() >= 2;
}

double fan_in(const torch::Tensor& weight) {
  return static_cast<double>(weight.numel()) / static_cast<double>(weight.size(0));
}

void init_parameter(torch::Tensor& parameter, const std::string& name, uint64_t seed) {
  const std::string leaf = last_segment(name);
  if (starts_at_zero(leaf)) {
    parameter.zero_();
  } else if (is_matrix(leaf, parameter)) {
    fill_normal(parameter, 1.0 / std::sqrt(fan_in(parameter)), seed, name);
  } else if (leaf == "weight" || leaf.ends_with("gain")) {
    parameter.fill_(1);
  } else {
    fill_normal(parameter, kEmbeddingDeviation, seed, name);
  }
}

}  // namespace

void fill_normal(torch::Tensor tensor, double deviation, uint64_t seed, std::string_view name) {
  Rng rng = Rng::for_name(seed, name);
  std::vector<float> values(static_cast<size_t>(tensor.numel()));
  for (float& value : values) value = static_cast<float>(deviation * rng.normal());
  const torch::NoGradGuard no_grad;
  tensor.copy_(torch::from_blob(values.data(), tensor.sizes(), torch::kFloat32));
}

void init_weights(torch::nn::Module& module, uint64_t seed) {
  const torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    require(!item.value().is_meta(), item.key(),
            "expected a parameter with memory, got the meta device");
    init_parameter(item.value(), item.key(), seed);
  }
  module.apply([](torch::nn::Module& part) {
    if (auto* own = dynamic_cast<InitsItself*>(&part)) own->init_own();
  });
}

}  // namespace flamingo::nn
