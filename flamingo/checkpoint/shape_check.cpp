#include "flamingo/checkpoint/shape_check.h"

#include "flamingo/core/shape.h"

namespace flamingo::checkpoint {

void check_shapes(const torch::nn::Module& module, const StateDict& weights,
                  const std::string& where) {
  for (const auto& item : module.named_parameters()) {
    const auto found = weights.find(item.key());
    require(found != weights.end(), where, "expected a weight {}, got none", item.key());
    require(found->second.sizes() == item.value().sizes(), where, "expected {} of shape {}, got {}",
            item.key(), item.value().sizes(), found->second.sizes());
  }
}

}  // namespace flamingo::checkpoint
