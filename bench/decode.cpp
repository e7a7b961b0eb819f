#include <torch/types.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "bench/default_model.h"
#include "bench/scenario.h"
#include "flamingo/generate/fused_step_decoder.h"

namespace flamingo::bench {
namespace {

constexpr int64_t kTokens = 64;
constexpr double kDecodeGoal = 0.7;  // of the read roof

/// A cache with one media item and one token.
lm::KvCache start(const model::Flamingo& model) {
  lm::KvCache cache;
  model->forward_hidden(
      {.ids = torch::zeros({1, 1}, torch::kLong),
       .phi = torch::ones({1, 1}, torch::kLong),
       .media = torch::randn({1, 1, model->config().resampler->num_latents, model->media_dim()}),
       .cache = &cache});
  return cache;
}

void time_decoder(Context& context, const model::Flamingo& model,
                  generate::FusedStepDecoder& decoder, const std::string& item) {
  const c10::InferenceMode guard;
  lm::KvCache cache = start(model);
  const auto decode = [&] {
    cache.truncate(1);
    int32_t token = 1;
    for (int64_t i = 0; i < kTokens; ++i) {
      const std::vector<float> logits = decoder.step(token, 1, cache);
      token = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    }
  };
  const double gigabytes = kTokens * static_cast<double>(decoder.weight_bytes()) / 1e9;
  context.measure({"decode", item, "token", kTokens, gigabytes, kDecodeGoal}, context.roofs.read,
                  decode);
}

}  // namespace

void run_decode(Context& context) {
  const model::Flamingo model = default_model(torch::kBFloat16);
  generate::FusedStepDecoder views(model, nullptr, kernels::InputMode::kExact);
  time_decoder(context, model, views, "bf16");
  if (!std::filesystem::exists(context.options.lm_path)) {
    context.report.note("decode: no file " + context.options.lm_path + ", skipped (see --lm)");
    return;
  }
  const io::Gguf file = io::Gguf::open(context.options.lm_path);
  generate::FusedStepDecoder exact(model, &file, kernels::InputMode::kExact);
  time_decoder(context, model, exact, "GGUF types, float32 input");
  generate::FusedStepDecoder rounded(model, &file, kernels::InputMode::kInt8);
  time_decoder(context, model, rounded, "GGUF types, int8 input");
}

}  // namespace flamingo::bench
