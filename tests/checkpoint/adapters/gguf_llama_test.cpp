#include "flamingo/checkpoint/adapters/gguf_llama.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "tests/lm/tiny_models.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::checkpoint {
namespace {

const std::string kGgufFolder = std::string(FLAMINGO_GOLDEN_DIR) + "/gguf-tiny/";

TEST(GgufLlama, LogitsAndGreedyIdsMatchThePeers) {
  const torch::NoGradGuard no_grad;
  const std::string path = kGgufFolder + "model.gguf";
  const auto loaded = make_decoder(read_gguf_llama(io::Gguf::open(path), torch::kFloat32, path),
                                   lm::WeightOptions::of(torch::kFloat32), path);
  EXPECT_EQ(loaded.report.missing, 0);
  const auto ids = load_state_dict(kGgufFolder + "inputs.safetensors").at("input_ids");
  const auto expected = load_state_dict(kGgufFolder + "expected.safetensors");
  lm::KvCache cache;
  auto logits = loaded.decoder->forward(ids, {}, &cache);
  const int64_t terms = testing::summed_terms(loaded.decoder->config(), ids.size(1));
  EXPECT_TRUE(testing::agree(logits, expected.at("logits"), {.terms = terms}));
  std::vector<torch::Tensor> generated;
  for (int i = 0; i < 16; ++i) {
    generated.push_back(logits.select(1, -1).argmax(-1, true));
    logits = loaded.decoder->forward(generated.back(), {}, &cache);
  }
  EXPECT_TRUE(torch::cat(generated, 1).equal(expected.at("generated_ids")));
}

TEST(GgufLlama, Bf16StaysClose) {
  const torch::NoGradGuard no_grad;
  const std::string path = kGgufFolder + "model.gguf";
  const auto lm = make_decoder(read_gguf_llama(io::Gguf::open(path), torch::kBFloat16, path),
                               lm::WeightOptions::of(torch::kBFloat16), path)
                      .decoder;
  const auto ids = load_state_dict(kGgufFolder + "inputs.safetensors").at("input_ids");
  const auto expected = load_state_dict(kGgufFolder + "expected.safetensors").at("logits");
  const auto got = lm->forward(ids);
  EXPECT_EQ(got.scalar_type(), torch::kBFloat16);
  // Some 30 results in each of two blocks are rounded, and the errors add up as a random walk does.
  EXPECT_LT((got - expected).norm().item<double>(),
            0x1p-8 * std::sqrt(60.0) * expected.norm().item<double>());
}

TEST(GgufLlama, ItsOwnBlocksServeWhereTheyAreSmallEnough) {
  const std::string path = kGgufFolder + "model.gguf";
  const io::Gguf file = io::Gguf::open(path);
  const auto decoder = [&] {
    auto lm = make_decoder(read_gguf_llama(file, torch::kFloat32, path),
                           lm::WeightOptions::of(torch::kFloat32), path)
                  .decoder;
    for (auto& parameter : lm->parameters()) parameter.set_requires_grad(false);
    return lm;
  };
  const auto plain = decoder();
  const auto ids = load_state_dict(kGgufFolder + "inputs.safetensors").at("input_ids");
  const auto packed_layers = [&](surgery::FrozenFormat format) {
    auto lm = decoder();
    pack_gguf_llama(file, format, lm);
    EXPECT_TRUE(lm->forward(ids).equal(plain->forward(ids)));
    std::vector<bool> packed;
    for (const auto& block : *lm->layers) {
      for (const auto* layer : {&block->self_attn->qkv_proj, &block->self_attn->o_proj,
                                &block->mlp->up_proj, &block->mlp->down_proj})
        packed.push_back(static_cast<bool>((*layer)->packed()));
    }
    return packed;
  };
  // Block 0: Q5 with some F16, BF16, F32 with Q8_0, Q4_0; block 1: Q5 with F16 and BF16, F32,
  // Q8_0 with Q4_0, Q4_1.
  using Packed = std::vector<bool>;
  EXPECT_EQ(packed_layers(surgery::FrozenFormat::kInt4),
            (Packed{false, false, false, true, false, false, false, true}));
  const auto int8 = packed_layers(surgery::FrozenFormat::kInt8);
  EXPECT_TRUE(int8[3] && int8[6] && int8[7]);
  EXPECT_FALSE(int8[1] || int8[2] || int8[5]);
  EXPECT_EQ(packed_layers(surgery::FrozenFormat::kBf16), Packed(8, false));
}

TEST(GgufLlama, UnpermuteUndoesLlamaCppsOrder) {
  // One head of 6 rows: the file has the pairs (0, 3), (1, 4), (2, 5) next to each other.
  const auto file = torch::tensor({{0.f}, {3.f}, {1.f}, {4.f}, {2.f}, {5.f}});
  EXPECT_TRUE(unpermute_rotary(file, 1).view(-1).equal(torch::arange(6).to(torch::kFloat32)));
  EXPECT_THROW(unpermute_rotary(file, 4), Error);
}

}  // namespace
}  // namespace flamingo::checkpoint
