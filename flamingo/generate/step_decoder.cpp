#include "flamingo/generate/step_decoder.h"

namespace flamingo::generate {

std::vector<float> last_logits(const at::Tensor& logits) {
  const auto rows = logits.reshape({-1, logits.size(-1)});
  const auto last = rows[rows.size(0) - 1].to(at::kCPU, at::kFloat).contiguous();
  return {last.const_data_ptr<float>(), last.const_data_ptr<float>() + last.numel()};
}

std::vector<float> ModelStepDecoder::step(int32_t id, int32_t phi, lm::KvCache& cache) {
  const c10::InferenceMode guard;
  model::FlamingoInput input;
  input.ids = torch::full({1, 1}, id, torch::kLong);
  input.phi = torch::full({1, 1}, phi, torch::kLong);
  input.cache = &cache;
  return last_logits(model_->forward(input));
}

}  // namespace flamingo::generate
