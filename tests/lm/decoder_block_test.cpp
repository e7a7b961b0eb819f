#include "flamingo/lm/decoder_block.h"

#include <gtest/gtest.h>

#include "flamingo/nn/init.h"
#include "tests/lm/tiny_models.h"

namespace flamingo::lm {
namespace {

TEST(DecoderBlock, ResidualsAreSequentialOrParallel) {
  const torch::NoGradGuard no_grad;
  auto config = testing::tiny_lm();
  const auto x = torch::randn({2, 5, config.dim});
  BlockContext context;
  context.rotary =
      nn::rotary_table(torch::arange(5).unsqueeze(0), {config.head_dim, 1e4}, torch::kFloat32);
  for (const bool parallel : {false, true}) {
    config.parallel_residual = parallel;
    DecoderBlock block(config, torch::kFloat32);
    nn::init_weights(*block, 3);
    const auto y =
        x + block->self_attn->forward(block->input_layernorm->forward(x), context, nullptr, 0);
    const auto mlp =
        block->mlp->forward(block->post_attention_layernorm->forward(parallel ? x : y));
    EXPECT_TRUE(block->forward(x, context, nullptr, 0).equal(y + mlp));
  }
}

}  // namespace
}  // namespace flamingo::lm
