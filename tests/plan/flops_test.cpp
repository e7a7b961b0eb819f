#include "flamingo/plan/flops.h"

#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "flamingo/model/presets.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::plan {
namespace {

using testing::make_flamingo;
using testing::some_ids;
using testing::some_pixels;

/// Operations of the products that torch runs, counted by an observer.
std::atomic<int64_t>& multiply_adds() {
  static std::atomic<int64_t> total{0};
  return total;
}

struct Depth : at::ObserverContext {
  explicit Depth(int64_t d) : depth(d) {}
  int64_t depth;
};

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& call) {
  const std::string_view name = call.name();
  const auto input = [&](size_t i) { return call.inputs()[i].toTensor(); };
  if (name == "aten::mm") return std::make_unique<Depth>(input(0).size(1));
  if (name == "aten::bmm") return std::make_unique<Depth>(input(0).size(2));
  if (name == "aten::addmm") return std::make_unique<Depth>(input(1).size(1));
  if (name == "aten::convolution")
    return std::make_unique<Depth>(input(1).numel() / input(1).size(0));
  if (name == "aten::convolution_backward") {
    const auto wanted = call.inputs()[10].toBoolList();  // of input, weight and bias
    const int64_t each = input(0).numel() * (input(2).numel() / input(2).size(0));
    multiply_adds() += each * ((wanted[0] ? 1 : 0) + (wanted[1] ? 1 : 0));
  }
  return nullptr;
}

void end(const at::RecordFunction& call, at::ObserverContext* context) {
  if (context == nullptr || call.outputs().empty()) return;
  multiply_adds() += static_cast<Depth*>(context)->depth * call.outputs()[0].toTensor().numel();
}

double counted(const std::function<void()>& work) {
  multiply_adds() = 0;
  const auto handle = at::addGlobalCallback(at::RecordFunctionCallback(begin, end)
                                                .needsInputs(true)
                                                .needsOutputs(true)
                                                .scopes({at::RecordScope::FUNCTION}));
  work();
  at::removeCallback(handle);
  return 2.0 * static_cast<double>(multiply_adds());
}

/// Two sequences of 8 tokens; the media of each are seen by 4 and 4 of them.
struct StepFlops {
  model::FlamingoConfig config = testing::tiny_flamingo();
  model::Trainable trainable;
  std::optional<surgery::LoraConfig> lora;
  bool checkpoint = false;
  StepShape shape{.sequences = 2, .tokens = 8, .visible = 16, .media = 2, .targets = 3};

  double predicted() const {
    return train_step_flops(config, shape, {trainable, lora}, checkpoint).total();
  }
  double measured() const {
    auto model = make_flamingo(config);
    model::freeze(model, trainable);
    if (lora) surgery::add_lora(model, *lora, 1);
    model->checkpoint_blocks(checkpoint);
    auto ids = some_ids(2, 8);
    ids[0][0] = 41;  // an additional token
    const auto phi = torch::tensor({1, 1, 1, 1, 2, 2, 2, 2}).expand({2, 8});
    const auto pixels = some_pixels(2, 2);
    const auto kept = model->encode_features(pixels).detach();
    return counted([&] {
      const auto media = model->resample(shape.encodes ? model->encode_features(pixels) : kept);
      const auto hidden = model->forward_hidden({.ids = ids, .phi = phi, .media = media});
      model->logits(hidden.flatten(0, 1).narrow(0, 5, 3)).sum().backward();
    });
  }
};

TEST(Flops, TrainingStepsCostWhatTorchRuns) {
  StepFlops paper;
  EXPECT_EQ(paper.measured(), paper.predicted());
  StepFlops checkpointed = paper;
  checkpointed.checkpoint = true;
  EXPECT_EQ(checkpointed.measured(), checkpointed.predicted());
  EXPECT_GT(checkpointed.predicted(), paper.predicted());
  StepFlops lm = paper;
  lm.trainable.lm = true;
  EXPECT_EQ(lm.measured(), lm.predicted());
  StepFlops gates_only = paper;
  gates_only.trainable = {.resampler = false, .additional_tokens = false};
  EXPECT_EQ(gates_only.measured(), gates_only.predicted());
  StepFlops resampler_only = paper;
  resampler_only.trainable = {.xattn = false, .additional_tokens = false};
  EXPECT_EQ(resampler_only.measured(), resampler_only.predicted());
}

TEST(Flops, OtherKindsOfLayersCostWhatTorchRuns) {
  StepFlops step;
  step.config.widen_media = true;
  step.config.lm.position = lm::PositionKind::kRelative;
  step.config.lm.gated_ffw = false;
  step.config.xattn.gated_ffw = true;
  step.config.xattn.norm_media = false;
  EXPECT_EQ(step.measured(), step.predicted());
  step.trainable.lm = true;
  EXPECT_EQ(step.measured(), step.predicted());
}

TEST(Flops, TheAblationsLayersCostWhatTorchRuns) {
  for (const lm::XattnForm form : {lm::XattnForm::kVanilla, lm::XattnForm::kGrafting}) {
    StepFlops step;
    step.config.xattn.form = form;
    step.config.xattn.graft_depth = 2;
    EXPECT_EQ(step.measured(), step.predicted()) << enum_name(form);
  }
  for (const resampler::ResamplerKind kind :
       {resampler::ResamplerKind::kTransformer, resampler::ResamplerKind::kMlp}) {
    StepFlops step;
    step.config.resampler->kind = kind;
    EXPECT_EQ(step.measured(), step.predicted()) << enum_name(kind);
  }
}

TEST(Flops, OtherMediaCostWhatTorchRuns) {
  StepFlops all;
  all.config.xattn.media_attention = lm::MediaAttention::kAllPrevious;
  EXPECT_EQ(all.measured(), all.predicted());
  EXPECT_GT(all.predicted(), StepFlops().predicted());
  StepFlops direct;
  direct.config.resampler.reset();
  EXPECT_EQ(direct.measured(), direct.predicted());
  StepFlops ungated;
  ungated.config.xattn.gate = lm::GateKind::kNone;
  EXPECT_EQ(ungated.measured(), ungated.predicted());
}

/// Where nothing below wants a gradient, the first layers have no backward pass.
TEST(Flops, LoraCostsWhatTorchRuns) {
  const model::Trainable others,
      alone{.resampler = false, .xattn = false, .additional_tokens = false};
  for (const model::Trainable& trainable : {others, alone}) {
    for (const bool checkpoint : {false, true}) {
      for (const char* layer : {"qkv_proj", "o_proj", "up_proj", "down_proj"}) {
        StepFlops step{.trainable = trainable, .checkpoint = checkpoint};
        const double without = step.predicted();
        step.lora = surgery::LoraConfig{.rank = 2, .layers = {layer}};
        EXPECT_EQ(step.measured(), step.predicted()) << layer << " " << checkpoint;
        EXPECT_GT(step.predicted(), without);
      }
    }
  }
}

TEST(Flops, FormsWithoutTrainedWordsCostWhatTorchRuns) {
  for (const lm::XattnForm form :
       {lm::XattnForm::kGated, lm::XattnForm::kVanilla, lm::XattnForm::kGrafting}) {
    StepFlops step;
    step.config.xattn.form = form;
    step.config.xattn.graft_depth = 2;
    step.trainable.additional_tokens = false;
    EXPECT_EQ(step.measured(), step.predicted()) << enum_name(form);
  }
}

TEST(Flops, EncodersInTheStepCostWhatTorchRuns) {
  StepFlops nfnet;
  nfnet.shape.encodes = true;
  EXPECT_EQ(nfnet.measured(), nfnet.predicted());
  nfnet.trainable.vision = true;
  EXPECT_EQ(nfnet.measured(), nfnet.predicted());
  nfnet.trainable.resampler = false;
  EXPECT_EQ(nfnet.measured(), nfnet.predicted());
  StepFlops clip;
  clip.config.vision = vision::ClipVitConfig{.image_size = 16,
                                             .patch_size = 8,
                                             .width = 16,
                                             .layers = 2,
                                             .heads = 2,
                                             .mlp_width = 24,
                                             .embed_dim = 0};
  clip.shape.encodes = true;
  clip.trainable.vision = true;
  EXPECT_EQ(clip.measured(), clip.predicted());
}

/// Pictures and a clip in one batch: the resampler sees as many frames as there are.
TEST(Flops, PaddingCostsNoPictures) {
  StepFlops step;
  const double full = step.predicted();
  step.shape.clips = 3;
  EXPECT_LT(step.predicted(), full);
  step.shape.pictures = 9;
  EXPECT_GT(step.predicted(), full);
}

TEST(Flops, EncodersCostWhatTorchRuns) {
  const torch::NoGradGuard no_grad;
  const vision::EncoderConfig encoders[] = {vision::nfnet_preset("nfnet-pictogram"),
                                            vision::ClipVitConfig{.image_size = 32,
                                                                  .patch_size = 16,
                                                                  .width = 64,
                                                                  .layers = 2,
                                                                  .heads = 4,
                                                                  .mlp_width = 96},
                                            vision::efficientnet_preset("efficientnet-lite1")};
  for (const vision::EncoderConfig& config : encoders) {
    const auto encoder = config.make(torch::TensorOptions());
    const int64_t side = config.image_size();
    const auto picture = torch::zeros({1, 3, side, side});
    EXPECT_EQ(encoder->forward(picture).size(1), num_patches(config)) << config.name();
    EXPECT_EQ(counted([&] { encoder->forward(picture); }), encoder_flops(config)) << config.name();
  }
}

TEST(Flops, AHandCountOfOneBlock) {
  model::FlamingoConfig config = testing::tiny_flamingo();
  config.lm.num_layers = 1;
  config.xattn.first = 1;  // none
  const model::Trainable nothing{.resampler = false, .xattn = false, .additional_tokens = false};
  const auto flops = train_step_flops(config, {.sequences = 1, .tokens = 4, .targets = 2}, nothing);
  // Multiply-adds of 4 tokens of width 32: q, k, v 32 x (32 + 2 x 16), o 32 x 32, gate and up
  // 32 x 96, down 48 x 32; 4 heads of 8, 4 x 4 scores, twice; logits of 2 tokens, 42 words.
  const double block = 4 * (32 * 64 + 32 * 32 + 32 * 96 + 48 * 32) + 2 * 4 * 4 * 4 * 8;
  EXPECT_EQ(flops.forward, 2.0 * (block + 2 * 32 * 42));
}

/// Training costs about 6 operations a trained weight and token, a frozen one 4.
TEST(Flops, ThePapersLargestModelCostsFourOperationsAFrozenWeight) {
  const auto config = model::flamingo_preset("flamingo-80b");
  const StepShape shape{
      .sequences = 1, .tokens = 2048, .visible = 2048, .media = 5, .targets = 2048};
  const double per_token = train_step_flops(config, shape, {}).model() / 2048;
  EXPECT_NEAR(per_token / (4 * 70.1e9 + 6 * 9.7e9), 1.0, 0.1);
}

}  // namespace
}  // namespace flamingo::plan
