#include "flamingo/generate/fused_weights.h"

#include <gtest/gtest.h>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/core/error.h"
#include "tests/generate/tiny_flamingo.h"

namespace flamingo::generate {
namespace {

model::Flamingo fusable(const model::FlamingoConfig& config,
                        torch::ScalarType type = torch::kFloat32) {
  model::Flamingo model(config, lm::WeightOptions::of(type));
  nn::init_weights(*model, 1);
  return model;
}

/// All rows of a matrix as a tensor.
at::Tensor values_of(const kernels::PackedMatrix& matrix) {
  auto values = torch::empty({matrix.rows(), matrix.cols()});
  matrix.decode_rows(kernels::best_kernels(), 0, matrix.rows(), values.data_ptr<float>());
  return values;
}

TEST(FusedWeights, KnowsWhatItCannotDo) {
  EXPECT_TRUE(can_fuse(tiny_flamingo()));
  const auto changed = [](const auto& change) {
    auto config = tiny_flamingo_config();
    change(config);
    return can_fuse(fusable(config));
  };
  EXPECT_FALSE(changed([](auto& c) { c.lm.parallel_residual = true; }));
  EXPECT_FALSE(changed([](auto& c) { c.lm.position = lm::PositionKind::kRelative; }));
  EXPECT_FALSE(changed([](auto& c) { c.lm.attention_bias = true; }));
  EXPECT_FALSE(changed([](auto& c) { c.lm.ffw_bias = true; }));
  EXPECT_TRUE(changed([](auto& c) { c.lm.gated_ffw = false; }));
  EXPECT_TRUE(changed([](auto& c) { c.xattn.vector_gates = c.xattn.qk_norm = true; }));
  EXPECT_FALSE(changed([](auto& c) { c.xattn.form = lm::XattnForm::kVanilla; }));
  EXPECT_FALSE(changed([](auto& c) { c.xattn.form = lm::XattnForm::kGrafting; }));
  EXPECT_TRUE(changed([](auto& c) { c.xattn.gate = lm::GateKind::kNone; }));
  auto half = fusable(tiny_flamingo_config());
  half->to(torch::kHalf);
  EXPECT_FALSE(can_fuse(half));
  EXPECT_THROW(fused_weights(half, nullptr), Error);
}

TEST(FusedWeights, ViewsTheModelsRows) {
  const auto model = tiny_flamingo();
  const auto weights = fused_weights(model, nullptr);
  const auto& block = (*model->lm->layers)[1];
  const auto& qkv = block->self_attn->qkv_proj->weight;
  EXPECT_TRUE(values_of(*weights.blocks[1].query).equal(qkv.narrow(0, 0, 32)));
  EXPECT_TRUE(values_of(*weights.blocks[1].key).equal(qkv.narrow(0, 32, 16)));
  EXPECT_TRUE(values_of(*weights.blocks[1].value).equal(qkv.narrow(0, 48, 16)));
  EXPECT_TRUE(
      values_of(*weights.blocks[1].ffw.gate).equal(block->mlp->up_proj->weight.narrow(0, 0, 48)));
  EXPECT_TRUE(
      values_of(*weights.blocks[1].ffw.up).equal(block->mlp->up_proj->weight.narrow(0, 48, 48)));
  ASSERT_EQ(weights.cross_blocks.size(), 2u);
  EXPECT_EQ(weights.cross_blocks[1].before_block, 2);
  EXPECT_FLOAT_EQ(weights.cross_blocks[1].attention_gate.at(0), std::tanh(0.7f));
  EXPECT_TRUE(values_of(*weights.extra_head).equal(model->lm->lm_head->additional_fc->weight));
}

TEST(FusedWeights, TurnsWholeRowsAsTheAdapterTurnsTensors) {
  const auto file = torch::arange(24 * 5).to(torch::kFloat32).view({24, 5});
  const std::span bytes(static_cast<const std::byte*>(file.const_data_ptr()), file.nbytes());
  for (const int64_t heads : {1, 3}) {
    const auto turned = unpermute_rotary_rows(bytes, 24, heads);
    const auto expected = checkpoint::unpermute_rotary(file, heads);
    ASSERT_EQ(turned.size(), expected.nbytes());
    EXPECT_EQ(std::memcmp(turned.data(), expected.const_data_ptr(), turned.size()), 0);
  }
  EXPECT_THROW(unpermute_rotary_rows(bytes, 24, 5), Error);
  EXPECT_THROW(unpermute_rotary_rows(bytes, 0, 1), Error);
}

TEST(FusedWeights, RefusesAFileThatDoesNotFit) {
  const std::string path = std::string(FLAMINGO_GOLDEN_DIR) + "/gguf-tiny/model.gguf";
  const io::Gguf file = io::Gguf::open(path);
  auto config = tiny_flamingo_config();
  config.lm = checkpoint::decoder_config_from_gguf(file);
  config.lm.additional_vocab = 2;
  config.lm.num_layers += 1;
  EXPECT_THROW(fused_weights(fusable(config), &file), Error);
}

}  // namespace
}  // namespace flamingo::generate
