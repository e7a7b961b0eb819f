#include "flamingo/nn/init.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/norm.h"

namespace flamingo::nn {
namespace {

class Sample : public torch::nn::Module, public InitsItself {
 public:
  explicit Sample(const torch::TensorOptions& options)
      : linear(register_module("linear", Linear(400, 50, true, options))),
        norm(register_module("norm", Norm(7, NormConfig{}, options))),
        latents(register_parameter("latents", torch::empty({64, 64}, options))),
        alpha_dense(register_parameter("alpha_dense", torch::empty({1}, options))),
        own(register_parameter("own", torch::empty({}, options))) {}
  void init_own() override { own.fill_(0.25); }

  Linear linear;
  Norm norm;
  torch::Tensor latents, alpha_dense, own;
};

TEST(InitWeights, FollowsTheNameRules) {
  Sample sample(torch::kFloat32);
  init_weights(sample, 7);
  EXPECT_NEAR(sample.linear->weight.std().item<double>(), 1 / std::sqrt(400.0), 0.001);
  EXPECT_EQ(sample.linear->bias.abs().max().item<float>(), 0.0F);
  EXPECT_TRUE(sample.norm->weight.equal(torch::ones({7})));
  EXPECT_NEAR(sample.latents.std().item<double>(), 0.02, 0.001);
  EXPECT_EQ(sample.alpha_dense.item<float>(), 0.0F);
  EXPECT_EQ(sample.own.item<float>(), 0.25F);
}

TEST(InitWeights, DependsOnSeedAndNameOnly) {
  Sample a(torch::kFloat32), b(torch::kFloat32), c(torch::kFloat32);
  init_weights(a, 7);
  init_weights(b, 7);
  init_weights(c, 8);
  EXPECT_TRUE(a.linear->weight.equal(b.linear->weight));
  EXPECT_FALSE(a.linear->weight.equal(c.linear->weight));
  Linear alone(400, 50, true, torch::kFloat32);
  fill_normal(alone->weight, 1 / std::sqrt(400.0), 7, "linear.weight");
  EXPECT_TRUE(a.linear->weight.equal(alone->weight));
}

TEST(InitWeights, RefusesTheMetaDevice) {
  Linear meta(2, 2, false, torch::TensorOptions().device(torch::kMeta));
  EXPECT_THROW(init_weights(*meta, 1), Error);
}

}  // namespace
}  // namespace flamingo::nn
