#include "flamingo/nn/packed_weight.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "flamingo/nn/linear.h"
#include "tests/kernels/random_weights.h"

namespace flamingo::nn {
namespace {

/// Matrices of 37 and 20 rows in two types, and the values they stand for.
struct Stack {
  c10::intrusive_ptr<PackedWeight> packed;
  torch::Tensor values;  ///< [57, 256]
};

Stack make_stack() {
  constexpr int64_t kCols = 256;
  std::vector<kernels::PackedMatrix> parts;
  std::vector<torch::Tensor> values;
  for (const auto& [type, rows] :
       {std::pair(kernels::BlockType::kQ4_1, 37), std::pair(kernels::BlockType::kQ6_K, 20)}) {
    const auto blocks = random_blocks(type, rows, kCols, 8);
    values.push_back(torch::tensor(decoded(type, blocks)).view({rows, kCols}));
    parts.push_back(kernels::PackedMatrix::pack(type, blocks, rows, kCols));
  }
  return {c10::make_intrusive<PackedWeight>(std::move(parts)), torch::cat(values)};
}

TEST(PackedWeight, DecodesAStackOfMatrices) {
  const auto [packed, values] = make_stack();
  EXPECT_TRUE(packed->decode(torch::kFloat32).equal(values));
  EXPECT_TRUE(packed->decode(torch::kBFloat16).equal(values.to(torch::kBFloat16)));
}

TEST(PackedWeight, ValuesAndGradientsAreThoseOfTheDecodedMatrix) {
  const auto [packed, values] = make_stack();
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    const auto x = torch::randn({2, 9, 256}).to(type).set_requires_grad(true);
    const auto bias = torch::randn({57}).to(type);
    const auto expected = linear_by_rows(x, values.to(type), bias);
    const auto got = packed_linear(x, packed, bias);
    EXPECT_TRUE(got.equal(expected));
    const auto outer = torch::randn({2, 9, 57}).to(type);
    const auto dx = torch::autograd::grad({got}, {x}, {outer})[0];
    EXPECT_TRUE(dx.equal(torch::autograd::grad({expected}, {x}, {outer})[0]));
  }
}

TEST(PackedWeight, TakesTheBytesOfItsBlocks) {
  const auto weight = torch::randn({64, 96});
  EXPECT_EQ(PackedWeight::quantise(weight, kernels::BlockType::kQ8_0)->bytes(), 64 * 96 / 32 * 34);
  EXPECT_EQ(PackedWeight::quantise(weight, kernels::BlockType::kQ4_1)->bytes(), 64 * 96 / 32 * 20);
}

TEST(PackedWeight, QuantisesTowardsTheWeight) {
  const auto weight = torch::randn({64, 96});
  const auto error = [&](kernels::BlockType type) {
    const auto back = PackedWeight::quantise(weight, type)->decode(torch::kFloat32);
    return ((back - weight).norm() / weight.norm()).item<double>();
  };
  EXPECT_LT(error(kernels::BlockType::kQ8_0), 0.01);
  EXPECT_LT(error(kernels::BlockType::kQ4_1), 0.1);
}

TEST(PackedWeight, RefusesWhatDoesNotFit) {
  EXPECT_THROW(PackedWeight({}), Error);
  EXPECT_THROW(PackedWeight::quantise(torch::zeros({4, 40}), kernels::BlockType::kQ8_0), Error);
  EXPECT_THROW(PackedWeight::quantise(torch::zeros({4, 64}), kernels::BlockType::kQ6_K), Error);
}

TEST(PackedWeight, ALinearLayerTakesItInPlaceOfAFrozenWeight) {
  const auto [packed, values] = make_stack();
  Linear plain(256, 57, true, torch::TensorOptions()), layer(256, 57, true, torch::TensorOptions());
  for (auto& one : {plain, layer}) {
    const torch::NoGradGuard no_grad;
    one->weight.copy_(values);
    one->bias.fill_(0.25);
  }
  EXPECT_THROW(layer->pack(packed), Error);  // trained
  for (auto& parameter : layer->parameters()) parameter.set_requires_grad(false);
  EXPECT_THROW(layer->pack(PackedWeight::quantise(values.t().contiguous().narrow(1, 0, 32),
                                                  kernels::BlockType::kQ8_0)),
               Error);
  layer->pack(packed);
  const auto x = torch::randn({3, 256});
  EXPECT_TRUE(layer->forward(x).equal(plain->forward(x)));
  EXPECT_TRUE(layer->weight.is_meta());
  EXPECT_TRUE(layer->named_parameters()["weight"].is_meta());
  EXPECT_EQ(layer->weight.sizes(), plain->weight.sizes());
}

}  // namespace
}  // namespace flamingo::nn
