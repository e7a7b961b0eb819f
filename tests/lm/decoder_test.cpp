#include "flamingo/lm/decoder.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/lm/tiny_models.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::lm {
namespace {

using testing::agree;
using testing::difference;
using testing::make_decoder;
using testing::Rounding;
using testing::some_ids;
using testing::tiny_lm;

Rounding rounding(const DecoderConfig& config, int64_t tokens) {
  return {.terms = testing::summed_terms(config, tokens)};
}

/// The variants that every property below must hold for.
std::vector<DecoderConfig> variants() {
  auto relative = tiny_lm();
  relative.position = PositionKind::kRelative;
  relative.gated_ffw = false;
  relative.activation = Activation::kGelu;
  auto parallel = tiny_lm();
  parallel.parallel_residual = true;
  parallel.norm = {.kind = NormKind::kLayerNorm};
  parallel.attention_bias = parallel.ffw_bias = true;
  parallel.tied_embeddings = false;
  parallel.additional_vocab = 3;
  return {tiny_lm(), relative, parallel};
}

TEST(Decoder, TokensDoNotSeeTheFuture) {
  const torch::NoGradGuard no_grad;
  for (const auto& config : variants()) {
    auto lm = make_decoder(config);
    const auto ids = some_ids(1, 9);
    auto changed = ids.clone();
    changed[0][6] = (ids[0][6] + 1) % 40;
    const auto a = lm->forward(ids), b = lm->forward(changed);
    EXPECT_EQ(difference(a.slice(1, 0, 6), b.slice(1, 0, 6)), 0.0);
    EXPECT_FALSE(agree(a.slice(1, 6), b.slice(1, 6), rounding(config, 9)));
  }
}

TEST(Decoder, IncrementalDecodingEqualsFullForward) {
  const torch::NoGradGuard no_grad;
  for (const auto& config : variants()) {
    auto lm = make_decoder(config);
    const auto ids = some_ids(2, 12);
    KvCache cache;
    std::vector<torch::Tensor> parts{lm->forward(ids.slice(1, 0, 5), {}, &cache)};
    parts.push_back(lm->forward(ids.slice(1, 5, 8), {}, &cache));
    for (int64_t t = 8; t < 12; ++t)
      parts.push_back(lm->forward(ids.slice(1, t, t + 1), {}, &cache));
    EXPECT_EQ(cache.length(), 12);
    EXPECT_TRUE(agree(torch::cat(parts, 1), lm->forward(ids), rounding(config, 12)));
  }
}

TEST(Decoder, LeftPaddingChangesNothing) {
  const torch::NoGradGuard no_grad;
  for (const auto& config : variants()) {
    auto lm = make_decoder(config);
    const auto ids = some_ids(1, 7);
    const auto padded = torch::cat({torch::zeros({1, 4}, torch::kInt64), ids}, 1);
    const auto mask = torch::cat({torch::zeros({1, 4}), torch::ones({1, 7})}, 1).to(torch::kInt64);
    const auto got = lm->forward(padded, mask);
    EXPECT_TRUE(got.isfinite().all().item<bool>());
    EXPECT_TRUE(agree(got.slice(1, 4), lm->forward(ids), rounding(config, 11)));
    KvCache cache;
    lm->forward(padded.slice(1, 0, 9), mask.slice(1, 0, 9), &cache);
    EXPECT_TRUE(
        agree(lm->forward(padded.slice(1, 9), {}, &cache), got.slice(1, 9), rounding(config, 11)));
  }
}

TEST(Decoder, PrefillOverSeveralBlocksEqualsTokenByToken) {
  auto config = tiny_lm();
  config.max_positions = 256;
  auto lm = make_decoder(config);
  const torch::NoGradGuard no_grad;
  const auto ids = some_ids(1, 140);
  KvCache cache;
  std::vector<torch::Tensor> parts;
  for (int64_t t = 0; t < 140; ++t)
    parts.push_back(lm->forward(ids.slice(1, t, t + 1), {}, &cache));
  EXPECT_TRUE(agree(torch::cat(parts, 1), lm->forward(ids), rounding(config, 140)));
}

TEST(Decoder, KeysAreLlamasWithStackedProjections) {
  auto config = tiny_lm();
  config.additional_vocab = 2;
  config.tied_embeddings = false;
  const auto lm = make_decoder(config);
  const auto parameters = lm->named_parameters();
  for (const char* name :
       {"embed_tokens.weight", "embed_tokens.additional_embedding.weight",
        "layers.2.input_layernorm.weight", "layers.0.self_attn.qkv_proj.weight",
        "layers.0.self_attn.o_proj.weight", "layers.1.post_attention_layernorm.weight",
        "layers.1.mlp.up_proj.weight", "layers.1.mlp.down_proj.weight", "norm.weight",
        "lm_head.weight", "lm_head.additional_fc.weight"}) {
    EXPECT_TRUE(parameters.contains(name)) << name;
  }
  EXPECT_EQ(parameters.size(), 5u + 3u * 6u);
}

TEST(Decoder, RefusesTooManyTokensAndUnknownIds) {
  auto lm = make_decoder(tiny_lm());
  EXPECT_THROW(lm->forward(some_ids(1, 65)), Error);
  EXPECT_THROW(lm->forward(torch::full({1, 2}, 40, torch::kInt64)), Error);
  EXPECT_THROW(lm->forward(some_ids(1, 4), torch::ones({1, 3}, torch::kInt64)), Error);
}

}  // namespace
}  // namespace flamingo::lm
