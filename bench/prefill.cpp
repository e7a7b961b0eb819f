#include <torch/types.h>

#include "bench/default_model.h"
#include "bench/flop_counter.h"
#include "bench/scenario.h"

namespace flamingo::bench {
namespace {

constexpr int64_t kPrefillTokens = 512;
constexpr double kPrefillGoal = 0.6;  // of the bf16 roof

}  // namespace

void run_prefill(Context& context) {
  const c10::InferenceMode guard;
  const model::Flamingo model = default_model(torch::kBFloat16);
  model::FlamingoInput input;
  input.ids = torch::randint(model->config().lm.vocab, {1, kPrefillTokens}, torch::kLong);
  input.phi = torch::ones({1, kPrefillTokens}, torch::kLong);
  input.media = torch::randn({1, 1, model->config().resampler->num_latents, model->media_dim()});
  const auto prefill = [&] {
    lm::KvCache cache;
    input.cache = &cache;
    model->logits(model->forward_hidden(input).narrow(1, kPrefillTokens - 1, 1));
  };
  context.measure(
      {"prefill", "512 tokens, bf16", "token", kPrefillTokens, count_gflop(prefill), kPrefillGoal},
      context.roofs.bf16, prefill);
}

}  // namespace flamingo::bench
