#include "flamingo/surgery/pack_frozen.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/model/freeze.h"
#include "flamingo/nn/packed_weight.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::surgery {
namespace {

using testing::make_flamingo;
using testing::some_ids;
using testing::some_pixels;

/// With a CLIP encoder, whose layers are linear, and widths that are multiples of 32.
model::FlamingoConfig config_of_blocks() {
  model::FlamingoConfig config = testing::tiny_flamingo();
  config.vision = vision::ClipVitConfig{.image_size = 16,
                                        .patch_size = 8,
                                        .width = 32,
                                        .layers = 2,
                                        .heads = 2,
                                        .mlp_width = 64,
                                        .embed_dim = 0};
  config.resampler->dim = 32;
  config.lm.ffw_dim = 64;
  config.lm.attention_bias = true;
  return config;
}

model::Flamingo frozen_model(torch::ScalarType type, const model::Trainable& trainable = {}) {
  auto model = make_flamingo(config_of_blocks(), type);
  model::freeze(model, trainable);
  return model;
}

/// Makes the weights of `model` those that the blocks of `packed` stand for.
void take_decoded(model::Flamingo& model, const model::Flamingo& packed) {
  const torch::NoGradGuard no_grad;
  const auto targets = model->modules(), sources = packed->modules();
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto* source = dynamic_cast<const nn::LinearImpl*>(sources[i].get());
    if (!source || !source->packed()) continue;
    auto& weight = dynamic_cast<nn::LinearImpl&>(*targets[i]).weight;
    weight.copy_(source->packed()->decode(weight.scalar_type()));
  }
}

/// Logits, and the gradient of every trained parameter, by name.
std::map<std::string, torch::Tensor> step_results(model::Flamingo& model) {
  const auto phi = torch::tensor({{0, 1, 1, 1, 2, 2, 2, 2}, {0, 0, 1, 1, 1, 1, 2, 2}});
  auto ids = some_ids(2, 8);
  ids[0][0] = 41;  // an additional token
  const auto media = model->encode_media(some_pixels(2, 2));
  const auto logits = model->forward({.ids = ids, .phi = phi, .media = media});
  logits.to(torch::kFloat32).square().mean().backward();
  std::map<std::string, torch::Tensor> results{{"logits", logits.detach()}};
  for (const auto& item : model->named_parameters()) {
    if (item.value().requires_grad()) results[item.key()] = item.value().grad();
  }
  return results;
}

TEST(PackFrozen, TrainsAsAModelOfTheDecodedWeightsDoes) {
  for (const auto format : {FrozenFormat::kInt8, FrozenFormat::kInt4}) {
    for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
      auto packed = frozen_model(type), decoded = frozen_model(type);
      pack_frozen(packed, format);
      take_decoded(decoded, packed);
      packed->checkpoint_blocks(true);  // both ways of saving memory together
      const auto expected = step_results(decoded), got = step_results(packed);
      ASSERT_GT(expected.size(), 20u);
      for (const auto& [name, value] : expected) EXPECT_TRUE(got.at(name).equal(value)) << name;
    }
  }
}

TEST(PackFrozen, StaysCloseToTheModelItself) {
  const torch::NoGradGuard no_grad;
  const auto phi = torch::zeros({2, 8}, torch::kInt64);
  const auto logits = [&](FrozenFormat format) {
    auto model = frozen_model(torch::kFloat32);
    pack_frozen(model, format);
    return model->forward({.ids = some_ids(2, 8), .phi = phi});
  };
  const auto exact = logits(FrozenFormat::kFp32);
  const auto error = [&](FrozenFormat format) {
    return ((logits(format) - exact).norm() / exact.norm()).item<double>();
  };
  EXPECT_EQ(error(FrozenFormat::kBf16), 0.0);
  EXPECT_LT(error(FrozenFormat::kInt8), 0.02);
  EXPECT_LT(error(FrozenFormat::kInt4), 0.4);
  EXPECT_GT(error(FrozenFormat::kInt4), error(FrozenFormat::kInt8));
}

TEST(PackFrozen, WeightsTakeTheBytesOfTheirBlocks) {
  auto model = frozen_model(torch::kBFloat16);
  int64_t linear = 0;  // weights of frozen linear layers
  for (const auto& module : model->modules()) {
    const auto* layer = dynamic_cast<const nn::LinearImpl*>(module.get());
    if (layer && !layer->weight.requires_grad()) linear += layer->weight.numel();
  }
  const WeightBytes before = weight_bytes(model);
  pack_frozen(model, FrozenFormat::kInt4);
  const WeightBytes after = weight_bytes(model);
  EXPECT_EQ(after.trained, before.trained);
  EXPECT_EQ(before.frozen - after.frozen, 2 * linear);
  // Rows fill tiles of 16, which all of these are multiples of.
  EXPECT_EQ(after.packed, linear / 32 * 20);
  EXPECT_EQ(before.packed, 0);
  EXPECT_EQ(after.sum(), after.trained + after.frozen + after.packed);
}

TEST(PackFrozen, LeavesTrainedLayersAlone) {
  auto model = frozen_model(torch::kFloat32, {.lm = true});
  const auto trained = model::trainable_names(*model);
  pack_frozen(model, FrozenFormat::kInt8);
  EXPECT_EQ(model::trainable_names(*model), trained);
  for (const auto& parameter : model->lm->parameters()) EXPECT_FALSE(parameter.is_meta());
  auto all = frozen_model(torch::kFloat32, {.vision = true, .lm = true});
  EXPECT_THROW(pack_frozen(all, FrozenFormat::kInt8), Error);
}

}  // namespace
}  // namespace flamingo::surgery
