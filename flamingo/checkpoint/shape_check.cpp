#include "flamingo/checkpoint/shape_check.h"

#include "flamingo/core/shape.h"

namespace flamingo::checkpoint {

void check_shapes(const torch::nn::Module& module, const StateDict& weights,
                  const std::string& where) {
  for (const auto& item : module.named_parameters()) {
    const auto found = weights.find(item.key());
    require(found != weights.end(), where, "expected a weight " + item.key() + ", got none");
    require(found->second.sizes() == item.value().sizes(), where,
            "expected " + item.key() + " of shape " + shape_text(item.value().sizes()) + ", got " +
                shape_text(found->second.sizes()));
  }
}

}  // namespace flamingo::checkpoint
