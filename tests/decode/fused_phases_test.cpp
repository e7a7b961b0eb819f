#include "flamingo/decode/fused_phases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "fused_reference.h"

namespace flamingo::decode {
namespace {

/// Relative to the largest logit, in float32: two blocks and eight of cross-attention, each of two
/// norms, products of the width and the heads' and a feed-forward network of 160; and the head.
constexpr double kPhaseTolerance =
    static_cast<double>(10 * (4 * 96 + 96 + 16 + 160 + 64) + 2 * 96) *
    std::numeric_limits<float>::epsilon();

/// A decoder with cross-attention before both blocks, one of each activation and two with a gate.
FusedDecoderWeights with_cross_blocks(kernels::BlockType type) {
  FusedFixture fixture;
  FusedDecoderWeights weights = fixture.decoder(type);
  for (const auto& [kind, name] : enum_table(Activation{}))
    weights.cross_blocks.push_back(fixture.cross(type, {kind, false}, 0));
  weights.cross_blocks.push_back(fixture.cross(type, {Activation::kSilu, true}, 1));
  weights.cross_blocks.push_back(fixture.cross(type, {Activation::kGeluTanh, true}, 1));
  return weights;
}

MediaView view_of(const std::vector<float>& keys, const std::vector<float>& values) {
  MediaView media;
  media.keys = reinterpret_cast<const std::byte*>(keys.data());
  media.values = reinterpret_cast<const std::byte*>(values.data());
  media.latents =
      static_cast<int64_t>(keys.size()) / (FusedFixture::kCrossHeads * FusedFixture::kHeadDim);
  return media;
}

TEST(FusedPhases, CrossBlocksMatchThePlainLoops) {
  const size_t size = FusedFixture::kCrossHeads * FusedFixture::kLatents * FusedFixture::kHeadDim;
  for (const kernels::BlockType type : {kernels::BlockType::kF32, kernels::BlockType::kQ4_1}) {
    const FusedDecoderWeights weights = with_cross_blocks(type);
    kernels::ThreadPool pool(2);
    FusedDecoder decoder(weights, kernels::InputMode::kExact, pool);
    ReferenceDecoder reference(weights);
    FixtureCache cache(weights, kernels::BlockType::kF32, 3);
    for (int64_t t = 0; t < 3; ++t) {
      // The first token comes before every image.
      std::vector<std::vector<float>> keys(weights.cross_blocks.size());
      std::vector<std::vector<float>> values(weights.cross_blocks.size());
      std::vector<MediaView> media;
      for (size_t c = 0; c < keys.size(); ++c) {
        if (t > 0) keys[c] = random_floats(size, 40 + c);
        if (t > 0) values[c] = random_floats(size, 50 + c);
        media.push_back(view_of(keys[c], values[c]));
      }
      const auto embedding = random_floats(FusedFixture::kDim, 60 + static_cast<uint64_t>(t));
      const auto expected = reference.step(embedding, keys, values);
      std::vector<float> logits(FusedFixture::kWords);
      decoder.step({embedding, t, cache.views, media, {}, logits});
      double largest = 0.0;
      for (const double logit : expected) largest = std::max(largest, std::abs(logit));
      for (size_t i = 0; i < logits.size(); ++i) {
        EXPECT_NEAR(logits[i], expected[i], kPhaseTolerance * largest) << "token " << t;
      }
    }
  }
}

TEST(FusedPhases, ClosedGatesLeaveTheLanguageModelBitEqual) {
  FusedDecoderWeights weights = with_cross_blocks(kernels::BlockType::kQ4_1);
  for (CrossBlockWeights& cross : weights.cross_blocks) {
    cross.attention_gate = {0.0f};
    cross.ffw_gate = {0.0f};
  }
  FusedDecoderWeights alone = weights;
  alone.cross_blocks.clear();
  kernels::ThreadPool pool(2);
  FusedDecoder with(weights, kernels::InputMode::kInt8, pool);
  FusedDecoder without(alone, kernels::InputMode::kInt8, pool);
  FixtureCache cache(weights, kernels::BlockType::kF32, 1);
  const size_t size = FusedFixture::kCrossHeads * FusedFixture::kLatents * FusedFixture::kHeadDim;
  const auto keys = random_floats(size, 70);
  const std::vector<MediaView> media(weights.cross_blocks.size(), view_of(keys, keys));
  const auto embedding = random_floats(FusedFixture::kDim, 71);
  std::vector<float> a(FusedFixture::kWords);
  std::vector<float> b(FusedFixture::kWords);
  with.step({embedding, 0, cache.views, media, {}, a});
  without.step({embedding, 0, cache.views, {}, {}, b});
  EXPECT_EQ(a, b);
}

TEST(FusedPhases, AddedWordsFollowTheOthers) {
  FusedFixture fixture;
  FusedDecoderWeights weights = fixture.decoder(kernels::BlockType::kF32);
  weights.extra_head = fixture.matrix(kernels::BlockType::kF32, 3, FusedFixture::kDim);
  FusedDecoderWeights swapped = weights;
  std::swap(swapped.head, swapped.extra_head);
  kernels::ThreadPool pool(2);
  FixtureCache cache(weights, kernels::BlockType::kF32, 1);
  const auto embedding = random_floats(FusedFixture::kDim, 72);
  std::vector<float> a(FusedFixture::kWords + 3);
  std::vector<float> b(FusedFixture::kWords + 3);
  FusedDecoder(weights, kernels::InputMode::kExact, pool)
      .step({embedding, 0, cache.views, {}, {}, a});
  FusedDecoder(swapped, kernels::InputMode::kExact, pool)
      .step({embedding, 0, cache.views, {}, {}, b});
  std::rotate(b.begin(), b.begin() + 3, b.end());
  EXPECT_EQ(a, b);
}

TEST(FusedPhases, ScratchFitsTheWidestProduct) {
  const FusedDecoderWeights weights = with_cross_blocks(kernels::BlockType::kF32);
  StepScratch scratch;
  scratch.resize(weights, 3);
  EXPECT_EQ(scratch.hidden.size(), 96u);
  EXPECT_EQ(scratch.inner.size(), 160u);
  EXPECT_EQ(scratch.key.size(), 32u);
  EXPECT_EQ(scratch.input.values.size(), 160u);
  EXPECT_EQ(scratch.scores.size(), 3u);
}

}  // namespace
}  // namespace flamingo::decode
