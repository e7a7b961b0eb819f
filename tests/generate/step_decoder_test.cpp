#include "flamingo/generate/step_decoder.h"

#include <gtest/gtest.h>

#include "tests/model/summed_terms.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/support/tolerance.h"

namespace flamingo::generate {
namespace {

TEST(LastLogits, AreTheLastRowAsFloats) {
  const auto logits = torch::arange(12, torch::kFloat32).view({1, 3, 4}).to(torch::kBFloat16);
  EXPECT_EQ(last_logits(logits), (std::vector<float>{8, 9, 10, 11}));
  EXPECT_EQ(last_logits(torch::tensor({1.5, -2.0}, torch::kFloat64)),
            (std::vector<float>{1.5f, -2.0f}));
  const auto strided = torch::arange(6, torch::kFloat32).view({3, 2}).t();  // [2, 3]
  EXPECT_EQ(last_logits(strided), (std::vector<float>{1, 3, 5}));
}

TEST(ModelStepDecoder, EqualsOneForwardOverAllTokens) {
  const torch::NoGradGuard no_grad;
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  const auto ids = testing::some_ids(1, 7);
  const auto phi = torch::tensor({{0, 1, 1, 2, 2, 1, 0}});
  const auto media = model->encode_media(testing::some_pixels(1, 2));
  const auto expected = model->forward({.ids = ids, .phi = phi, .media = media});  // [1, 7, V + A]
  lm::KvCache cache;
  const auto head = [](const torch::Tensor& x) { return x.slice(1, 0, 4); };
  model->forward({.ids = head(ids), .phi = head(phi), .media = media, .cache = &cache});
  ModelStepDecoder decoder(model);
  for (int64_t t = 4; t < 7; ++t) {
    const auto logits = decoder.step(static_cast<int32_t>(ids[0][t].item<int64_t>()),
                                     static_cast<int32_t>(phi[0][t].item<int64_t>()), cache);
    ASSERT_EQ(std::ssize(logits), expected.size(-1));
    const int64_t terms = testing::summed_terms(model->config(), 7, 2 * 5);
    EXPECT_TRUE(testing::agree(torch::tensor(logits), expected[0][t], {.terms = terms})) << t;
    EXPECT_EQ(cache.length(), t + 1);
  }
}

TEST(ModelStepDecoder, ReadsThePictureThatPhiNames) {
  const torch::NoGradGuard no_grad;
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  const auto step_with = [&](int32_t phi) {
    lm::KvCache cache;
    model->forward({.ids = testing::some_ids(1, 2),
                    .phi = torch::tensor({{1, 2}}),
                    .media = model->encode_media(testing::some_pixels(1, 2)),
                    .cache = &cache});
    return ModelStepDecoder(model).step(5, phi, cache);
  };
  EXPECT_NE(step_with(1), step_with(2));
  EXPECT_NE(step_with(0), step_with(2));
  EXPECT_THROW(step_with(3), Error);
}

}  // namespace
}  // namespace flamingo::generate
