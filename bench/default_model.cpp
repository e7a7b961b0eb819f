#include "bench/default_model.h"

#include <torch/nn/init.h>

#include "flamingo/model/presets.h"
#include "flamingo/surgery/huge_pages.h"

namespace flamingo::bench {

model::Flamingo default_model(torch::ScalarType trained) {
  model::Flamingo model(model::flamingo_preset("flamingo-pictogram"),
                        lm::WeightOptions::of(torch::kBFloat16, torch::kCPU, trained));
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : model->parameters()) {
    if (parameter.dim() > 1) {
      torch::nn::init::normal_(parameter, 0.0, 0.02);
    } else {
      parameter.fill_(1.0);
    }
  }
  surgery::move_to_huge_pages(*model);  // as open_model does
  model->eval();
  return model;
}

}  // namespace flamingo::bench
