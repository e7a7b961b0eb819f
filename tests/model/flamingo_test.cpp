#include "flamingo/model/flamingo.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/model/freeze.h"
#include "tests/model/summed_terms.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/support/tolerance.h"

namespace flamingo::model {
namespace {

using testing::agree;
using testing::difference;
using testing::make_flamingo;
using testing::Rounding;
using testing::some_ids;
using testing::some_pixels;
using testing::tiny_flamingo;

/// Of logits of tiny_flamingo() after up to 9 tokens, from 5 latents per image on.
Rounding rounding() { return {.terms = testing::summed_terms(tiny_flamingo(), 9, 2 * 5)}; }

torch::Tensor some_phi() {
  return torch::tensor({{0, 1, 1, 1, 2, 2, 2, 2}, {0, 0, 1, 1, 1, 1, 2, 2}}, torch::kInt64);
}

TEST(Flamingo, ClosedGatesGiveTheLanguageModelsLogitsBitForBit) {
  const torch::NoGradGuard no_grad;
  auto config = tiny_flamingo();
  config.xattn.gate_init = 0.0;
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    auto model = make_flamingo(config, type);
    const auto ids = some_ids(2, 8);
    const auto media = model->encode_media(some_pixels(2, 2));
    const auto got = model->forward({.ids = ids, .phi = some_phi(), .media = media});
    EXPECT_TRUE(got.equal(model->lm->forward(ids)));
  }
}

TEST(Flamingo, MediaReachTheirTokensAndLaterOnesOnly) {
  const torch::NoGradGuard no_grad;
  auto model = make_flamingo(tiny_flamingo());
  const auto ids = some_ids(2, 8);
  const auto media = model->encode_media(some_pixels(2, 2));
  auto changed = media.clone();
  changed.select(1, 1).neg_();  // the second image of each sample
  const auto a = model->forward({.ids = ids, .phi = some_phi(), .media = media});
  const auto b = model->forward({.ids = ids, .phi = some_phi(), .media = changed});
  EXPECT_EQ(difference(a[0].slice(0, 0, 4), b[0].slice(0, 0, 4)), 0.0);
  EXPECT_EQ(difference(a[1].slice(0, 0, 6), b[1].slice(0, 0, 6)), 0.0);
  EXPECT_FALSE(agree(a[0].slice(0, 4), b[0].slice(0, 4), rounding()));
  EXPECT_FALSE(agree(a[1].slice(0, 6), b[1].slice(0, 6), rounding()));
}

TEST(Flamingo, IncrementalDecodingWithMediaArrivingEqualsFullForward) {
  const torch::NoGradGuard no_grad;
  auto model = make_flamingo(tiny_flamingo());
  const auto ids = some_ids(2, 8), phi = some_phi();
  const auto media = model->encode_media(some_pixels(2, 2));
  const auto full = model->forward({.ids = ids, .phi = phi, .media = media});
  lm::KvCache cache;
  const auto step = [&](int64_t from, int64_t to, const torch::Tensor& added) {
    return model->forward({.ids = ids.slice(1, from, to),
                           .phi = phi.slice(1, from, to),
                           .media = added,
                           .cache = &cache});
  };
  std::vector<torch::Tensor> parts{step(0, 3, media.slice(1, 0, 1)), step(3, 4, {}),
                                   step(4, 6, media.slice(1, 1, 2)), step(6, 7, {}),
                                   step(7, 8, {})};
  EXPECT_TRUE(agree(torch::cat(parts, 1), full, rounding()));
  EXPECT_EQ(cache.num_media(), 2);
}

TEST(Flamingo, LeftPaddingChangesNothing) {
  const torch::NoGradGuard no_grad;
  auto model = make_flamingo(tiny_flamingo());
  const auto media = model->encode_media(some_pixels(1, 2));
  const auto ids = some_ids(1, 6), phi = some_phi().slice(0, 0, 1).slice(1, 0, 6);
  const auto zeros = torch::zeros({1, 3}, torch::kInt64);
  const auto mask = torch::cat({zeros, torch::ones({1, 6}, torch::kInt64)}, 1);
  const auto padded = model->forward({.ids = torch::cat({zeros, ids}, 1),
                                      .phi = torch::cat({zeros, phi}, 1),
                                      .media = media,
                                      .attention_mask = mask});
  const auto plain = model->forward({.ids = ids, .phi = phi, .media = media});
  EXPECT_TRUE(agree(padded.slice(1, 3), plain, rounding()));
}

TEST(Flamingo, CachedFeaturesGiveTheSameMedia) {
  const torch::NoGradGuard no_grad;
  auto model = make_flamingo(tiny_flamingo());
  const auto pixels = some_pixels(2, 1, 3);
  const auto features = model->encode_features(pixels);
  EXPECT_EQ(features.dim(), 5);
  const auto media = model->resample(features);
  EXPECT_EQ(media.sizes().vec(), (std::vector<int64_t>{2, 1, 5, 12}));
  EXPECT_TRUE(media.equal(model->encode_media(pixels)));
}

TEST(Flamingo, WidenedMediaHaveTheLanguageModelsWidth) {
  const torch::NoGradGuard no_grad;
  auto config = tiny_flamingo();
  config.widen_media = true;
  auto model = make_flamingo(config);
  const auto media = model->encode_media(some_pixels(1, 2));
  EXPECT_EQ(media.size(-1), config.lm.dim);
  EXPECT_NO_THROW(
      model->forward({.ids = some_ids(1, 8), .phi = some_phi().slice(0, 0, 1), .media = media}));
}

TEST(Flamingo, MixedPrecisionTrainsFp32Masters) {
  auto model = make_flamingo(tiny_flamingo(), torch::kBFloat16);
  freeze(model, Trainable{});
  const auto media = model->resample(model->encode_features(some_pixels(2, 2)));
  EXPECT_EQ(media.scalar_type(), torch::kBFloat16);
  auto ids = some_ids(2, 8);
  ids[0][0] = 41;  // an additional token
  model->forward({.ids = ids, .phi = some_phi(), .media = media})
      .to(torch::kFloat32)
      .square()
      .mean()
      .backward();
  for (const auto& item : model->named_parameters()) {
    const auto& parameter = item.value();
    EXPECT_EQ(parameter.scalar_type(),
              parameter.requires_grad() ? torch::kFloat32 : torch::kBFloat16);
    EXPECT_EQ(parameter.grad().defined(), parameter.requires_grad()) << item.key();
    if (parameter.requires_grad()) {
      EXPECT_TRUE(parameter.grad().isfinite().all().item<bool>());
    }
  }
}

/// Hidden states, and the gradient of every parameter that has one, by name.
std::map<std::string, torch::Tensor> step_results(Flamingo& model, bool checkpoint) {
  model->checkpoint_blocks(checkpoint);
  model->zero_grad(true);
  auto ids = some_ids(2, 8);
  ids[0][0] = 41;  // an additional token
  const auto media = model->encode_media(some_pixels(2, 2));
  const auto hidden = model->forward_hidden({.ids = ids, .phi = some_phi(), .media = media});
  model->logits(hidden).to(torch::kFloat32).square().mean().backward();
  std::map<std::string, torch::Tensor> results{{"hidden", hidden.detach()}};
  for (const auto& item : model->named_parameters()) {
    if (item.value().grad().defined()) results[item.key()] = item.value().grad();
  }
  return results;
}

TEST(Flamingo, CheckpointedBlocksGiveTheSameGradientsBitForBit) {
  Trainable everything;
  everything.lm = true;
  everything.vision = true;
  auto relative = tiny_flamingo();
  relative.lm.position = lm::PositionKind::kRelative;
  relative.lm.parallel_residual = true;
  for (const auto& config : {tiny_flamingo(), relative}) {
    for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
      for (const auto& trainable : {Trainable{}, everything}) {
        auto model = make_flamingo(config, type);
        freeze(model, trainable);
        const auto kept = step_results(model, false), again = step_results(model, true);
        ASSERT_EQ(again.size(), trainable_names(*model).size() + 1);
        ASSERT_EQ(again.size(), kept.size());
        for (const auto& [name, value] : kept) EXPECT_TRUE(again.at(name).equal(value)) << name;
      }
    }
  }
}

TEST(Flamingo, RefusesShapesThatDoNotFit) {
  const torch::NoGradGuard no_grad;
  auto model = make_flamingo(tiny_flamingo());
  const auto ids = some_ids(2, 8), phi = some_phi();
  EXPECT_THROW(model->forward({.ids = ids, .phi = phi}), Error);  // phi without media
  EXPECT_THROW(model->forward({.ids = ids, .phi = phi, .media = torch::zeros({2, 1, 5, 12})}),
               Error);
  EXPECT_THROW(model->forward({.ids = ids, .phi = phi, .media = torch::zeros({2, 2, 5, 13})}),
               Error);
  EXPECT_THROW(
      model->forward({.ids = ids, .phi = phi.slice(1, 1), .media = torch::zeros({2, 2, 5, 12})}),
      Error);
  EXPECT_THROW(model->encode_media(torch::zeros({2, 3, 16, 16})), Error);
}

}  // namespace
}  // namespace flamingo::model
