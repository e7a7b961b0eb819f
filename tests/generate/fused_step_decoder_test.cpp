#include "flamingo/generate/fused_step_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/adapters/idefics.h"
#include "flamingo/core/error.h"
#include "tests/generate/tiny_flamingo.h"
#include "tests/model/summed_terms.h"
#include "tests/support/seed.h"

namespace flamingo::generate {
namespace {

const std::string kGolden = FLAMINGO_GOLDEN_DIR;

/// Largest |a - b| / |b| of logits, as vectors: of float32 the terms of their sums; torch rounds
/// some 50 intermediate results in a row to bf16, which add up as a random walk does; and so do
/// the inputs of 21 products in a row, rounded to 1 / 254 of a block's largest of 3 times its size.
double float32(const model::FlamingoConfig& config) {
  return testing::rounding<float>(testing::summed_terms(config, 12, 2 * 4), 1);
}
const double kBf16 = 0x1p-8 * std::sqrt(50.0);
const double kInt8 = 3.0 / 254 * std::sqrt(21.0);

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  const auto x = torch::tensor(a), y = torch::tensor(b);
  return ((x - y).norm() / y.norm()).item<double>();
}

model::Flamingo made(const model::FlamingoConfig& config, torch::ScalarType type) {
  model::Flamingo model(config, lm::WeightOptions::of(type, torch::kCPU, type));
  nn::init_weights(*model, 1);
  const torch::NoGradGuard guard;
  for (const auto& parameter : model->named_parameters()) {
    const bool gate = parameter.key().find("alpha") != std::string::npos;
    if (gate || parameter.key().ends_with("norm.weight")) parameter.value().uniform_(0.5, 0.9);
  }
  return model;
}

at::Tensor row_of(std::vector<int64_t> values) { return torch::tensor(values).unsqueeze(0); }

/// A prompt of two media and five tokens through the model's own forward.
lm::KvCache prefill(const model::Flamingo& model) {
  const c10::InferenceMode guard;
  torch::manual_seed(testing::seeded(5));
  lm::KvCache cache;
  model->forward_hidden({.ids = row_of({1, 40, 7, 40, 8}),
                         .phi = row_of({0, 1, 1, 2, 2}),
                         .media = torch::randn({1, 2, 4, model->media_dim()}),
                         .cache = &cache});
  return cache;
}

/// Both decoders over the same tokens -> the largest difference of a step's logits.
double largest_difference(const model::Flamingo& model, FusedStepDecoder& fused) {
  ModelStepDecoder plain(model);
  lm::KvCache a = prefill(model), b = prefill(model);
  const std::vector<std::pair<int32_t, int32_t>> tokens = {{3, 2},  {41, 2}, {40, 1}, {9, 1},
                                                           {11, 0}, {40, 2}, {0, 2}};
  double largest = 0.0;
  for (const auto& [id, phi] : tokens) {
    largest = std::max(largest, difference(fused.step(id, phi, a), plain.step(id, phi, b)));
  }
  EXPECT_EQ(a.length(), b.length());
  return largest;
}

double largest_difference(const model::FlamingoConfig& config, torch::ScalarType type) {
  const auto model = made(config, type);
  FusedStepDecoder fused(model, nullptr, kernels::InputMode::kExact);
  return largest_difference(model, fused);
}

TEST(FusedStepDecoder, TurnsAsTheModelWhosePositionsWereStretched) {
  auto config = tiny_flamingo_config();
  auto& scaling = config.lm.rotary_scaling;
  for (int64_t i = 0; i < config.lm.head_dim / 2; ++i)
    scaling.divisors.push_back(1.0 + 0.75 * static_cast<double>(i));
  scaling.magnitude = 1.1;
  EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config));
}

TEST(FusedStepDecoder, TakesEveryActivationWithAndWithoutAGate) {
  for (const auto& [activation, name] : enum_table(Activation{})) {
    auto config = tiny_flamingo_config();
    config.lm.activation = config.xattn.activation = activation;
    config.xattn.gated_ffw = !config.xattn.gated_ffw;
    EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config)) << name;
    config.lm.gated_ffw = !config.lm.gated_ffw;
    EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config)) << name;
  }
}

TEST(FusedStepDecoder, EqualsTheModelsForward) {
  const auto config = tiny_flamingo_config();
  EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config));
  EXPECT_LT(largest_difference(config, torch::kBFloat16), kBf16);
}

TEST(FusedStepDecoder, EqualsOtherFamilies) {
  auto config = tiny_flamingo_config();
  config.xattn.qk_norm = config.xattn.gated_ffw = config.xattn.vector_gates = true;
  config.xattn.activation = Activation::kSilu;
  config.xattn.norm = {.kind = NormKind::kRmsNorm, .eps = 1e-6};
  config.xattn.norm_media = false;
  config.lm.tied_embeddings = false;
  EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config));
  config = tiny_flamingo_config();
  config.xattn.activation = Activation::kGelu;
  config.xattn.first = 1;
  config.xattn.every = 1;
  EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config));
}

TEST(FusedStepDecoder, EqualsTheAblationsThatItCanDo) {
  auto config = tiny_flamingo_config();
  config.xattn.gate = lm::GateKind::kNone;
  EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config));
  config = tiny_flamingo_config();
  config.xattn.media_attention = lm::MediaAttention::kAllPrevious;
  EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config));
  config.xattn.first = 1;
  config.xattn.every = 0;
  EXPECT_LT(largest_difference(config, torch::kFloat32), float32(config));
}

TEST(FusedStepDecoder, KeepsAGgufsWeightsQuantised) {
  const std::string path = kGolden + "/gguf-tiny/model.gguf";
  const io::Gguf file = io::Gguf::open(path);
  const auto lm = checkpoint::read_gguf_llama(file, torch::kFloat32, path);
  auto config = tiny_flamingo_config();
  config.lm = lm.config;
  config.lm.additional_vocab = 2;
  auto model = made(config, torch::kFloat32);
  checkpoint::load_into(
      *model->lm, lm.weights,
      {.elsewhere = {"embed_tokens.additional_embedding", "lm_head.additional_fc"}}, path);
  FusedStepDecoder exact(model, &file, kernels::InputMode::kExact);
  EXPECT_LT(largest_difference(model, exact), float32(config));
  FusedStepDecoder rounded(model, &file, kernels::InputMode::kInt8);
  EXPECT_LT(largest_difference(model, rounded), kInt8);
  FusedStepDecoder views(model, nullptr, kernels::InputMode::kExact);
  EXPECT_LT(exact.weight_bytes(), views.weight_bytes());
}

TEST(FusedStepDecoder, StartsAnEmptyCache) {
  const auto model = made(tiny_flamingo_config(), torch::kFloat32);
  FusedStepDecoder fused(model, nullptr, kernels::InputMode::kExact);
  ModelStepDecoder plain(model);
  lm::KvCache a, b;
  for (const int32_t id : {1, 2, 41}) {
    EXPECT_LT(difference(fused.step(id, 0, a), plain.step(id, 0, b)), float32(model->config()));
  }
}

TEST(FusedStepDecoder, ForwardGoesOnWhereStepsEnded) {
  const auto model = made(tiny_flamingo_config(), torch::kFloat32);
  FusedStepDecoder fused(model, nullptr, kernels::InputMode::kExact);
  ModelStepDecoder plain(model);
  lm::KvCache a = prefill(model), b = prefill(model);
  fused.step(5, 1, a);
  plain.step(5, 1, b);
  EXPECT_LT(difference(plain.step(6, 2, a), plain.step(6, 2, b)), float32(model->config()));
}

/// Greedy ids of one row of a golden case, after a prefill by the model.
std::vector<int64_t> greedy(model::Flamingo model, const checkpoint::StateDict& inputs,
                            int64_t row) {
  const c10::InferenceMode guard;
  const auto mask = inputs.at("image_attention_mask").narrow(0, row, 1);
  const auto phi = mask.argmax(-1).add(1).masked_fill(mask.sum(-1) == 0, 0);
  const auto pixels = inputs.at("pixel_values").narrow(0, row, 1).unsqueeze(2);
  lm::KvCache cache;
  auto logits = last_logits(model->forward({.ids = inputs.at("input_ids").narrow(0, row, 1),
                                            .phi = phi,
                                            .media = model->encode_media(pixels),
                                            .cache = &cache}));
  FusedStepDecoder fused(model, nullptr, kernels::InputMode::kExact);
  std::vector<int64_t> ids;
  for (int i = 0; i < 12; ++i) {
    ids.push_back(std::max_element(logits.begin(), logits.end()) - logits.begin());
    logits = fused.step(static_cast<int32_t>(ids.back()), phi[0][-1].item<int32_t>(), cache);
  }
  return ids;
}

TEST(FusedStepDecoder, GreedyIdsMatchThePeers) {
  int compared = 0;
  for (const std::string variant : {"resampler-qknorm", "resampler-plain", "no-resampler"}) {
    const std::string folder = kGolden + "/idefics-tiny/" + variant;
    auto model =
        checkpoint::load_idefics(folder + "/model", lm::WeightOptions::of(torch::kFloat32)).model;
    model->eval();
    ASSERT_TRUE(FusedStepDecoder::supports(model));
    for (const std::string name : {"two_images", "text_only", "after_eos"}) {
      const std::string place = folder + "/cases/" + name;
      const auto inputs = checkpoint::load_state_dict(place + "/inputs.safetensors");
      const auto expected =
          checkpoint::load_state_dict(place + "/expected.safetensors").at("generated_ids");
      for (int64_t row = 0; row < expected.size(0); ++row) {
        if (inputs.at("attention_mask")[row].eq(0).any().item<bool>()) continue;  // padded
        const auto ids = greedy(model, inputs, row);
        EXPECT_TRUE(torch::tensor(ids).equal(expected[row])) << place << " row " << row;
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 6);  // two cases of one row in each variant, at least
}

TEST(FusedStepDecoder, RefusesWhatItCannotContinue) {
  const auto model = made(tiny_flamingo_config(), torch::kFloat32);
  FusedStepDecoder fused(model, nullptr, kernels::InputMode::kExact);
  lm::KvCache cache = prefill(model);
  EXPECT_THROW(fused.step(1, 3, cache), Error);
  EXPECT_THROW(fused.step(1, -1, cache), Error);
  EXPECT_THROW(fused.step(42, 0, cache), Error);
  EXPECT_EQ(cache.length(), 5);
  const c10::InferenceMode guard;
  lm::KvCache padded, batch, full;
  model->forward_hidden({.ids = row_of({1, 2}),
                         .phi = row_of({0, 0}),
                         .attention_mask = row_of({0, 1}),
                         .cache = &padded});
  EXPECT_THROW(fused.step(1, 0, padded), Error);
  model->forward_hidden({.ids = row_of({1, 2}).expand({2, 2}),
                         .phi = row_of({0, 0}).expand({2, 2}),
                         .cache = &batch});
  EXPECT_THROW(fused.step(1, 0, batch), Error);
  const auto ids = torch::zeros({1, model->config().lm.max_positions}, torch::kLong);
  model->forward_hidden({.ids = ids, .phi = ids, .cache = &full});
  EXPECT_THROW(fused.step(1, 0, full), Error);
}

}  // namespace
}  // namespace flamingo::generate
