#include "flamingo/decode/fused_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "flamingo/core/error.h"
#include "fused_reference.h"

namespace flamingo::decode {
namespace {

/// Largest allowed difference of logits, relative to the largest logit. Each network is two blocks
/// deep; the errors are those of its least precise part.
struct Tolerance {
  /// Terms summed in both blocks (norms, products, feed-forward network) and the head.
  double float32 = static_cast<double>(2 * (4 * 96 + 96 + 16 + 160 + 64) + 2 * 96) *
                   std::numeric_limits<float>::epsilon();
  double bf16_cache = 2 * 2 * 0x1p-8;  ///< keys and values are rounded, in two blocks
  /// Inputs of 9 products in a row are rounded to 1 / 254 of a block's largest, which is 3 times
  /// their size; the errors add up as a random walk does.
  double int8 = 3.0 / 254 * 3;
};
constexpr Tolerance kTolerance;

/// Runs `steps` tokens through both and returns the largest difference, relative.
double difference(const FusedDecoderWeights& reference_weights, FusedDecoder& decoder,
                  kernels::BlockType cache_type) {
  constexpr int64_t kSteps = 5;
  ReferenceDecoder reference(reference_weights);
  FixtureCache cache(decoder.weights(), cache_type, kSteps);
  double worst = 0.0;
  for (int64_t t = 0; t < kSteps; ++t) {
    const auto embedding = random_floats(FusedFixture::kDim, 900 + static_cast<uint64_t>(t));
    const auto expected = reference.step(embedding, {}, {});
    std::vector<float> logits(FusedFixture::kWords);
    decoder.step({embedding, t, cache.views, {}, {}, logits});
    double largest = 0.0;
    double error = 0.0;
    for (size_t i = 0; i < logits.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      error = std::max(error, std::abs(logits[i] - expected[i]));
    }
    worst = std::max(worst, error / largest);
  }
  return worst;
}

struct Case {
  kernels::BlockType weights;
  float rotary_magnitude;
  kernels::InputMode input_mode;
  kernels::BlockType cache;
  double tolerance;
};

class FusedDecoderCase : public ::testing::TestWithParam<Case> {};

TEST_P(FusedDecoderCase, MatchesThePlainLoops) {
  const Case& test = GetParam();
  const FusedDecoderWeights weights = FusedFixture{}.decoder(test.weights, test.rotary_magnitude);
  kernels::ThreadPool pool(2);
  FusedDecoder decoder(weights, test.input_mode, pool);
  const double error = difference(weights, decoder, test.cache);
  RecordProperty("error", std::to_string(error));
  EXPECT_LT(error, test.tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    All, FusedDecoderCase,
    ::testing::Values(Case{kernels::BlockType::kF32, 1.15f, kernels::InputMode::kExact,
                           kernels::BlockType::kF32, kTolerance.float32},
                      Case{kernels::BlockType::kBF16, 1.0f, kernels::InputMode::kExact,
                           kernels::BlockType::kF32, kTolerance.float32},
                      Case{kernels::BlockType::kF32, 1.15f, kernels::InputMode::kExact,
                           kernels::BlockType::kBF16, kTolerance.bf16_cache},
                      Case{kernels::BlockType::kQ4_1, 1.0f, kernels::InputMode::kExact,
                           kernels::BlockType::kF32, kTolerance.float32},
                      Case{kernels::BlockType::kQ8_0, 1.15f, kernels::InputMode::kInt8,
                           kernels::BlockType::kF32, kTolerance.int8}));

TEST(FusedDecoder, ScalarAndBestKernelsAgree) {
  const FusedDecoderWeights weights = FusedFixture{}.decoder(kernels::BlockType::kQ5_1);
  kernels::ThreadPool pool(1);
  FusedDecoder decoder(weights, kernels::InputMode::kExact, pool, kernels::scalar_kernels());
  EXPECT_LT(difference(weights, decoder, kernels::BlockType::kF32), kTolerance.float32);
}

TEST(FusedDecoder, DoesNotDependOnTheNumberOfThreads) {
  const FusedDecoderWeights weights = FusedFixture{}.decoder(kernels::BlockType::kQ4_0);
  const auto embedding = random_floats(FusedFixture::kDim, 5);
  std::vector<std::vector<float>> logits;
  for (const int threads : {1, 2, 4}) {
    kernels::ThreadPool pool(threads);
    FusedDecoder decoder(weights, kernels::InputMode::kInt8, pool);
    FixtureCache cache(weights, kernels::BlockType::kBF16, 3);
    logits.emplace_back(FusedFixture::kWords);
    for (int64_t t = 0; t < 3; ++t) {
      decoder.step({embedding, t, cache.views, {}, {}, logits.back()});
    }
  }
  EXPECT_EQ(logits[0], logits[1]);
  EXPECT_EQ(logits[0], logits[2]);
}

TEST(FusedDecoder, GivesTheHiddenStateWithoutTheHead) {
  const FusedDecoderWeights weights = FusedFixture{}.decoder(kernels::BlockType::kF32);
  kernels::ThreadPool pool(2);
  FusedDecoder decoder(weights, kernels::InputMode::kExact, pool);
  FixtureCache cache(weights, kernels::BlockType::kF32, 2);
  const auto embedding = random_floats(FusedFixture::kDim, 6);
  std::vector<float> hidden(FusedFixture::kDim);
  decoder.step({embedding, 0, cache.views, {}, hidden, {}});
  EXPECT_NE(hidden, embedding);
  EXPECT_TRUE(std::all_of(hidden.begin(), hidden.end(), [](float x) { return std::isfinite(x); }));
}

TEST(FusedDecoder, CountsItsBytes) {
  FusedFixture fixture;
  const FusedDecoderWeights weights = fixture.decoder(kernels::BlockType::kF32);
  kernels::ThreadPool pool(1);
  const int64_t attention = 2 * 96 * 96 + 2 * 32 * 96;
  const int64_t expected = 4 * (2 * (attention + 3 * 96 * 160) + 50 * 96);
  EXPECT_EQ(FusedDecoder(weights, kernels::InputMode::kExact, pool).weight_bytes(), expected);
}

TEST(FusedDecoder, RefusesWrongWeights) {
  kernels::ThreadPool pool(1);
  const FusedDecoderWeights good = FusedFixture{}.decoder(kernels::BlockType::kF32);
  const auto refused = [&](auto&& change) {
    FusedDecoderWeights bad = good;
    change(bad);
    EXPECT_THROW(FusedDecoder(bad, kernels::InputMode::kExact, pool), Error);
  };
  refused([](auto& w) { w.kv_heads = 4; });
  refused([](auto& w) { w.head_dim = 32; });
  refused([](auto& w) { w.inverse_frequencies.pop_back(); });
  refused([](auto& w) { w.blocks[1].value = w.blocks[1].query; });
  refused([](auto& w) { w.blocks[0].ffw.gate = w.blocks[0].query; });
  refused([](auto& w) { w.blocks[0].norm.weight.pop_back(); });
  refused([](auto& w) { w.head = nullptr; });
  refused([](auto& w) {
    w.cross_blocks.push_back(
        FusedFixture{}.cross(kernels::BlockType::kF32, {Activation::kGelu, false}, 2));
  });
}

TEST(FusedDecoder, RefusesWrongSteps) {
  const FusedDecoderWeights weights = FusedFixture{}.decoder(kernels::BlockType::kF32);
  kernels::ThreadPool pool(1);
  FusedDecoder decoder(weights, kernels::InputMode::kExact, pool);
  FixtureCache cache(weights, kernels::BlockType::kF32, 2);
  const std::vector<float> embedding(FusedFixture::kDim);
  std::vector<float> logits(FusedFixture::kWords);
  EXPECT_THROW(decoder.step({embedding, 2, cache.views, {}, {}, logits}), Error);
  EXPECT_THROW(decoder.step({embedding, -1, cache.views, {}, {}, logits}), Error);
  EXPECT_THROW(decoder.step({embedding, 0, {}, {}, {}, logits}), Error);
  const std::vector<MediaView> media(1);
  EXPECT_THROW(decoder.step({embedding, 0, cache.views, media, {}, logits}), Error);
  EXPECT_THROW(decoder.step({std::span(embedding).first(3), 0, cache.views, {}, {}, logits}),
               Error);
}

}  // namespace
}  // namespace flamingo::decode
