#include "flamingo/checkpoint/adapters/gguf_llama.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/lm/tiny_models.h"

namespace flamingo {
namespace {

const std::string kFolder = std::string(FLAMINGO_GOLDEN_DIR) + "/gguf-tiny/";
constexpr double kLogits = 1e-4;  // the fixture's

TEST(GgufLlama, LogitsAndGreedyIdsMatchThePeers) {
  const torch::NoGradGuard no_grad;
  const std::string path = kFolder + "model.gguf";
  const auto loaded = make_decoder(read_gguf_llama(Gguf::open(path), torch::kFloat32, path),
                                   WeightOptions::of(torch::kFloat32), path);
  EXPECT_EQ(loaded.report.missing, 0);
  const auto ids = load_state_dict(kFolder + "inputs.safetensors").at("input_ids");
  const auto expected = load_state_dict(kFolder + "expected.safetensors");
  KvCache cache;
  auto logits = loaded.decoder->forward(ids, {}, &cache);
  EXPECT_LT(testing::difference(logits, expected.at("logits")), kLogits);
  std::vector<torch::Tensor> generated;
  for (int i = 0; i < 16; ++i) {
    generated.push_back(logits.select(1, -1).argmax(-1, true));
    logits = loaded.decoder->forward(generated.back(), {}, &cache);
  }
  EXPECT_TRUE(torch::cat(generated, 1).equal(expected.at("generated_ids")));
}

TEST(GgufLlama, Bf16StaysClose) {
  const torch::NoGradGuard no_grad;
  const std::string path = kFolder + "model.gguf";
  const auto lm = make_decoder(read_gguf_llama(Gguf::open(path), torch::kBFloat16, path),
                               WeightOptions::of(torch::kBFloat16), path)
                      .decoder;
  const auto ids = load_state_dict(kFolder + "inputs.safetensors").at("input_ids");
  const auto expected = load_state_dict(kFolder + "expected.safetensors").at("logits");
  const auto got = lm->forward(ids);
  EXPECT_EQ(got.scalar_type(), torch::kBFloat16);
  EXPECT_LT((got - expected).norm().item<double>() / expected.norm().item<double>(), 0.03);
}

TEST(GgufLlama, UnpermuteUndoesLlamaCppsOrder) {
  // One head of 6 rows: the file has the pairs (0, 3), (1, 4), (2, 5) next to each other.
  const auto file = torch::tensor({{0.f}, {3.f}, {1.f}, {4.f}, {2.f}, {5.f}});
  EXPECT_TRUE(unpermute_rotary(file, 1).view(-1).equal(torch::arange(6).to(torch::kFloat32)));
  EXPECT_THROW(unpermute_rotary(file, 4), Error);
}

}  // namespace
}  // namespace flamingo
