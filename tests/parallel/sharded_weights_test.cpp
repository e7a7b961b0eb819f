#include "flamingo/parallel/sharded_weights.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/nn/init.h"
#include "flamingo/nn/mlp.h"
#include "tests/parallel/forked_ranks.h"

namespace flamingo::parallel {
namespace {

struct Frozen {
  nn::Mlp mlp{nn::MlpConfig{.dim = 5, .hidden = 7, .bias = true}, torch::kFloat32};
  torch::Tensor x = torch::linspace(-1, 1, 30).view({6, 5}).requires_grad_();

  Frozen() {
    nn::init_weights(*mlp, 3);
    for (auto& parameter : mlp->parameters()) parameter.set_requires_grad(false);
  }
  /// y and, twice over, the gradient of x.
  std::vector<torch::Tensor> run() {
    std::vector<torch::Tensor> values;
    for (int i = 0; i < 2; ++i) {
      x.mutable_grad().reset();
      const auto y = mlp->forward(mlp->forward(x));
      y.pow(2).sum().backward();
      values.insert(values.end(), {y.detach(), x.grad()});
    }
    return values;
  }
};

TEST(ShardedWeights, GiveTheSameBitsAndKeepAPieceOnly) {
  const auto expected = Frozen().run();
  const auto whole = Frozen().mlp->up_proj->weight.clone();
  const auto texts = testing::texts_of(3, [&](const ProcessGroup& group) -> std::string {
    Frozen frozen;
    const auto& weight = frozen.mlp->up_proj->weight;
    ShardedWeights sharded(*frozen.mlp, group);
    const auto actual = frozen.run();
    for (size_t i = 0; i < expected.size(); ++i)
      if (!actual[i].equal(expected[i])) return "other " + std::to_string(i);
    if (weight.storage().nbytes() != 0) return "memory stays";
    if (weight.numel() != 35 || sharded.pieces().front().numel() != 12) return "other sizes";
    if (!sharded.holds(weight) || sharded.holds(frozen.mlp->up_proj->bias)) return "holds others";
    {
      const torch::NoGradGuard no_grad;
      frozen.mlp->forward(frozen.x);
      if (weight.storage().nbytes() != 0) return "memory stays without gradients";
    }
    sharded.restore();
    if (!weight.equal(whole) || !frozen.mlp->up_proj->around.empty()) return "not restored";
    return frozen.run()[1].equal(expected[1]) ? "" : "other after restore";
  });
  for (const auto& text : texts) EXPECT_EQ(text, "");
}

TEST(ShardedWeights, LeaveTrainedWeightsAndSingleProcessesAlone) {
  Frozen frozen;
  ShardedWeights alone(*frozen.mlp, {});
  EXPECT_TRUE(alone.pieces().empty());
  const auto texts = testing::texts_of(2, [](const ProcessGroup& group) {
    Frozen trained;
    trained.mlp->up_proj->weight.set_requires_grad(true);
    return std::to_string(ShardedWeights(*trained.mlp, group).pieces().size());
  });
  EXPECT_EQ(texts, (std::vector<std::string>{"1", "1"}));
}

}  // namespace
}  // namespace flamingo::parallel
