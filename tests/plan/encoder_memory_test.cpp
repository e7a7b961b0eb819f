#include "flamingo/plan/encoder_memory.h"

#include <gtest/gtest.h>

#include "flamingo/model/presets.h"
#include "flamingo/nn/init.h"
#include "tests/plan/live_bytes.h"

namespace flamingo::plan {
namespace {

constexpr double kEncoderClose = 0.15;

vision::EncoderConfig pictogram_encoder() { return vision::nfnet_preset("nfnet-pictogram"); }

vision::EncoderConfig small_clip() {
  return vision::ClipVitConfig{
      .image_size = 64, .patch_size = 4, .width = 64, .layers = 3, .heads = 4, .mlp_width = 256};
}

vision::EncoderConfig small_efficientnet() {
  auto config = vision::efficientnet_preset("efficientnet-lite0");
  config.image_size = 64;
  return config;
}

/// Without AVX-512, torch convolves bf16 through copies of its own, which the plan does not count.
torch::ScalarType planned_type() {
  return __builtin_cpu_supports("avx512bw") ? torch::kBFloat16 : torch::kFloat32;
}

vision::VisionEncoderPtr make_encoder(const vision::EncoderConfig& config, torch::ScalarType type) {
  auto encoder = config.make(torch::TensorOptions(type));
  nn::init_weights(*encoder, 1);
  return encoder;
}

TEST(EncoderMemory, AFrozenEncoderWorksWithWhatTorchAllocates) {
  const torch::NoGradGuard no_grad;
  for (const vision::EncoderConfig& config :
       {pictogram_encoder(), small_clip(), small_efficientnet()}) {
    const auto type = planned_type();
    auto encoder = make_encoder(config, type);
    encoder->eval();
    encoder->fold(type);
    const int64_t side = config.image_size(), pictures = 16;
    const auto pixels = torch::randn({pictures, 3, side, side}).to(type);
    const int64_t measured = testing::peak_bytes([&] { encoder->forward(pixels); });
    const auto predicted = static_cast<double>(
        encoder_buffers(config, pictures, static_cast<int64_t>(torch::elementSize(type))));
    EXPECT_NEAR(predicted / static_cast<double>(measured), 1.0, kEncoderClose) << config.name();
  }
}

TEST(EncoderMemory, AFrozenEncoderTakesAPieceAtATime) {
  const vision::EncoderConfig config = pictogram_encoder();
  const int64_t piece = encoder_buffers(config, kEncodedAtOnce, 2);
  EXPECT_LT(encoder_buffers(config, 4 * kEncodedAtOnce, 2), 2 * piece);
}

TEST(EncoderMemory, FoldedKernelsAreAllKernels) {
  for (const vision::EncoderConfig& config :
       {pictogram_encoder(), vision::EncoderConfig(vision::NfnetConfig{})}) {
    const auto encoder = make_encoder(config, torch::kBFloat16);
    int64_t count = 0;
    for (const auto& item : encoder->named_parameters())
      count += item.value().dim() == 4 && item.value().size(1) * item.value().size(2) > 1
                   ? item.value().numel()
                   : 0;
    EXPECT_EQ(folded_bytes(config, 2), 2 * count);
  }
  EXPECT_EQ(folded_bytes(small_clip(), 2), 0);
}

TEST(EncoderMemory, TrainingKeepsMoreThanItWorksWith) {
  for (const vision::EncoderConfig& config :
       {pictogram_encoder(), small_clip(), small_efficientnet()}) {
    int64_t kept = 0, most = 0;
    for (const StepUnit& unit : encoder_units(config, 16, 2)) {
      kept += unit.kept;
      most = std::max(most, unit.buffers);
    }
    EXPECT_GT(kept, most);
    EXPECT_GT(kept, encoder_buffers(config, 16, 2));
  }
}

}  // namespace
}  // namespace flamingo::plan
