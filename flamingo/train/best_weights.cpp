#include "flamingo/train/best_weights.h"

#include <string_view>
#include <utility>

#include "flamingo/checkpoint/state_dict.h"
#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"
#include "flamingo/core/temporary_file.h"

namespace flamingo::train {
namespace {

constexpr const char* kBestName = "best.safetensors";

}  // namespace

BestWeights::BestWeights(const std::string& folder, std::vector<NamedTensor> parameters)
    : path_(folder + "/" + kBestName), parameters_(std::move(parameters)) {
  remove_dead_temporaries(folder, [](std::string_view name) { return name == kBestName; });
}

void BestWeights::save() const {
  checkpoint::StateDict weights;
  for (const NamedTensor& parameter : parameters_)
    weights[parameter.name] = parameter.value.detach();
  checkpoint::save_state_dict(path_, weights, {}, {});
}

void BestWeights::restore() const {
  const checkpoint::StateDict weights = checkpoint::load_state_dict(path_);
  const torch::NoGradGuard no_grad;
  for (const NamedTensor& parameter : parameters_) {
    const auto it = weights.find(parameter.name);
    require(it != weights.end(), path_, "expected {} as it is trained, got none", parameter.name);
    require(it->second.sizes() == parameter.value.sizes(), path_,
            "expected {} as it is trained, of shape {}, got {}", parameter.name,
            parameter.value.sizes(), it->second.sizes());
    parameter.value.detach().copy_(it->second);
  }
}

}  // namespace flamingo::train
