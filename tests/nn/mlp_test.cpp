#include "flamingo/nn/mlp.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/nn/init.h"

namespace flamingo {
namespace {

TEST(Mlp, PlainAndGated) {
  const auto x = torch::randn({3, 4});
  for (const bool gated : {false, true}) {
    Mlp mlp(
        MlpConfig{
            .dim = 4, .hidden = 6, .activation = Activation::kSilu, .gated = gated, .bias = true},
        torch::kFloat32);
    init_weights(*mlp, 1);
    const auto up = torch::linear(x, mlp->up_proj->weight, mlp->up_proj->bias);
    const auto hidden = gated ? torch::silu(up.slice(1, 0, 6)) * up.slice(1, 6) : torch::silu(up);
    const auto expected = torch::linear(hidden, mlp->down_proj->weight, mlp->down_proj->bias);
    EXPECT_TRUE(mlp->forward(x).allclose(expected, 1e-5, 1e-6));
  }
}

}  // namespace
}  // namespace flamingo
