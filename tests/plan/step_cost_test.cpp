#include "flamingo/plan/step_cost.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "flamingo/model/presets.h"
#include "flamingo/plan/synthetic_step.h"
#include "tests/model/ablation_variants.h"
#include "tests/plan/live_bytes.h"

namespace flamingo::plan {
namespace {

/// Two sequences of 48 tokens, or more.
struct Step {
  model::FlamingoConfig config = testing::tiny_flamingo();
  StepTraining training;
  StepStorage storage;
  StepShape shape{.sequences = 2, .tokens = 48, .visible = 96, .media = 2, .targets = 24};

  Step() { config.lm.max_positions = 512; }
  void take_tokens(int64_t tokens) {
    shape.tokens = tokens;
    shape.visible = shape.sequences * tokens;
  }
  StepCost planned() const { return measure_step(config, shape, training, storage); }
};

/// What a step allocates beyond its weights and its pixels.
int64_t step_bytes(const StepMemory& m) {
  return m.gradients + m.activations + m.logits + m.buffers;
}

struct Run {
  int64_t bytes = 0;
  Flops flops;
};

/// The same step on the CPU, as torch's allocator and the observer see it.
Run run_on_cpu(const Step& step) {
  SyntheticStep real(step.config, step.training, step.storage);
  Run run;
  if (step.storage.accumulates) {
    real.accumulate(real.batch(step.shape));
    for (const auto& parameter : real.model()->parameters())
      run.bytes += parameter.requires_grad() ? static_cast<int64_t>(parameter.nbytes()) : 0;
  }
  const SyntheticBatch batch = real.batch(step.shape);
  if (!step.shape.encodes && batch.pictures.defined())
    run.bytes += static_cast<int64_t>(batch.pictures.nbytes());
  const FlopCounter counter;
  run.bytes += testing::peak_bytes([&] { real.accumulate(batch); });
  run.flops = counter.flops();
  return run;
}

/// Ids, positions and numbers of media, which the plan counts and run_on_cpu() does not, and what
/// kernels of the CPU take for a moment.
constexpr double kClose = 0.02;

/// oneDNN, which multiplies bf16 itself on processors with AVX-512, packs operands into room of its
/// own, for each thread: no tensors of the step. Torch's own products take none.
class WithoutOneDnn {
 public:
  WithoutOneDnn() : before_(at::globalContext().userEnabledMkldnn()) {
    at::globalContext().setUserEnabledMkldnn(false);
  }
  ~WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(before_); }
  WithoutOneDnn(const WithoutOneDnn&) = delete;
  WithoutOneDnn& operator=(const WithoutOneDnn&) = delete;

 private:
  bool before_;
};

void expect_as_planned(const Step& step, double close = kClose) {
  const StepCost planned = step.planned();
  std::optional<WithoutOneDnn> plain;
  if (!step.shape.encodes) plain.emplace();  // whose convolutions need less room in oneDNN
  const Run real = run_on_cpu(step);
  EXPECT_EQ(planned.flops.forward, real.flops.forward);
  EXPECT_EQ(planned.flops.backward, real.flops.backward);
  EXPECT_EQ(planned.flops.recomputed, real.flops.recomputed);
  EXPECT_GT(planned.flops.backward, 0);
  EXPECT_EQ(planned.flops.recomputed > 0, step.storage.checkpoint_blocks);
  EXPECT_NEAR(static_cast<double>(step_bytes(planned.memory)) / static_cast<double>(real.bytes),
              1.0, close)
      << step_bytes(planned.memory) << " of " << real.bytes << ": " << planned.memory.gradients
      << " " << planned.memory.activations << " " << planned.memory.logits << " "
      << planned.memory.buffers;
}

TEST(StepCost, IsWhatTorchTakesInEveryFormat) {
  for (const auto frozen :
       {surgery::FrozenFormat::kFp32, surgery::FrozenFormat::kBf16, surgery::FrozenFormat::kInt8}) {
    for (const bool checkpoint : {false, true}) {
      for (const int64_t tokens : {48, 320}) {
        SCOPED_TRACE(std::string(enum_name(frozen)) + (checkpoint ? " checkpointed " : " ") +
                     std::to_string(tokens));
        Step step;
        step.storage = {frozen, checkpoint};
        step.take_tokens(tokens);
        expect_as_planned(step);
      }
    }
  }
}

class StepCostOf : public ::testing::TestWithParam<testing::AblationVariant> {};

INSTANTIATE_TEST_SUITE_P(All, StepCostOf, ::testing::ValuesIn(testing::kAblationVariants),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(StepCostOf, IsWhatTorchTakes) {
  for (const bool checkpoint : {false, true}) {
    Step step;
    step.config = config_of(GetParam());
    step.config.lm.max_positions = 512;
    step.storage.checkpoint_blocks = checkpoint;
    expect_as_planned(step);
  }
}

TEST(StepCost, IsWhatTorchTakesForOtherLanguageModels) {
  Step relative;
  relative.config.lm.position = lm::PositionKind::kRelative;
  relative.config.lm.norm.kind = NormKind::kLayerNorm;
  relative.config.lm.gated_ffw = false;
  relative.config.lm.activation = Activation::kGelu;
  expect_as_planned(relative);
  relative.training.parts.lm = true;
  expect_as_planned(relative);
  Step learns;
  learns.config.lm.vocab = 20000;
  for (const bool lm : {false, true}) {
    learns.training.parts.lm = lm;
    expect_as_planned(learns);
    EXPECT_GT(learns.planned().memory.logits, 0);
  }
}

TEST(StepCost, IsWhatTorchTakesForWhatLearns) {
  for (const model::Trainable parts :
       {model::Trainable{.resampler = false, .additional_tokens = false},
        model::Trainable{.xattn = false, .additional_tokens = false},
        model::Trainable{.resampler = false, .xattn = false}}) {
    Step step;
    step.training.parts = parts;
    expect_as_planned(step);
  }
  for (const char* layer : {"qkv_proj", "o_proj", "up_proj", "down_proj"}) {
    for (const auto frozen : {surgery::FrozenFormat::kBf16, surgery::FrozenFormat::kInt8}) {
      Step step;
      step.storage.frozen = frozen;
      step.training = {{.resampler = false, .xattn = false, .additional_tokens = false},
                       surgery::LoraConfig{.rank = 2, .layers = {layer}}};
      SCOPED_TRACE(layer);
      expect_as_planned(step);
    }
  }
}

/// Features of 256 patches, so that media outweigh the text.
Step step_of_media() {
  Step step;
  step.config.vision.set_image_size(64);
  step.config.transform.size = 64;
  step.take_tokens(16);
  return step;
}

TEST(StepCost, IsWhatTorchTakesForMedia) {
  Step widened = step_of_media();
  widened.config.widen_media = true;
  widened.config.resampler->qk_norm = true;
  expect_as_planned(widened);
  Step direct = step_of_media();
  direct.config.resampler.reset();
  expect_as_planned(direct);
  Step clips = step_of_media();
  clips.shape.clips = 3;
  clips.shape.pictures = 9;
  expect_as_planned(clips);
  Step text = step_of_media();
  text.shape.media = text.shape.visible = 0;
  expect_as_planned(text);
}

/// Kernels of convolutions on the CPU lay out pictures and weights anew for a moment.
constexpr double kConvolutions = 0.15;

TEST(StepCost, IsWhatTorchTakesForEncodersInTheStep) {
  Step nfnet = step_of_media(), clip = step_of_media();
  clip.config.vision = vision::ClipVitConfig{.image_size = 64,
                                             .patch_size = 8,
                                             .width = 16,
                                             .layers = 2,
                                             .heads = 2,
                                             .mlp_width = 64,
                                             .embed_dim = 0};
  for (Step* step : {&nfnet, &clip}) {
    step->shape.encodes = true;
    for (const bool learns : {false, true}) {
      for (const auto frozen : {surgery::FrozenFormat::kFp32, surgery::FrozenFormat::kBf16}) {
        SCOPED_TRACE(std::string(step == &clip ? "clip " : "nfnet ") + (learns ? "learns " : "") +
                     std::string(enum_name(frozen)));
        step->storage.frozen = frozen;
        step->training.parts.vision = learns;
        expect_as_planned(*step, kConvolutions);
      }
    }
  }
}

TEST(StepCost, GradientsOfEarlierMicroBatchesAreThereFromTheStart) {
  Step step;
  step.storage.accumulates = true;
  expect_as_planned(step);
  const StepMemory memory = step.planned().memory;
  EXPECT_EQ(memory.gradients, memory.masters);
}

TEST(StepCost, WeightsAreThoseOfAModelThatWasMade) {
  for (const auto frozen : {surgery::FrozenFormat::kBf16, surgery::FrozenFormat::kInt4}) {
    Step step;
    step.storage.frozen = frozen;
    step.training.lora = surgery::LoraConfig{.rank = 4, .layers = {"qkv_proj"}};
    auto model = testing::make_flamingo(step.config, torch::kBFloat16);
    model::freeze(model, {});
    surgery::add_lora(model, *step.training.lora, 1);
    surgery::pack_frozen(model, frozen);
    const surgery::WeightBytes bytes = surgery::weight_bytes(model);
    // And the kernels that a frozen encoder keeps standardised.
    int64_t folded = 0;
    for (const auto& parameter : model->vision_encoder->parameters())
      folded += parameter.dim() == 4 && parameter.size(1) * parameter.size(2) > 1
                    ? static_cast<int64_t>(parameter.nbytes())
                    : 0;
    const StepMemory memory = step.planned().memory;
    EXPECT_EQ(memory.frozen, bytes.frozen + bytes.packed + folded);
    EXPECT_EQ(memory.masters, bytes.trained);
    EXPECT_EQ(memory.moments, 2 * bytes.trained);
  }
}

TEST(StepCost, CheckpointsAndBlocksSaveMemory) {
  Step kept, checkpointed, packed;
  checkpointed.storage.checkpoint_blocks = true;
  packed.storage.frozen = surgery::FrozenFormat::kInt4;
  EXPECT_LT(checkpointed.planned().memory.peak(), kept.planned().memory.peak());
  EXPECT_LT(packed.planned().memory.frozen, kept.planned().memory.frozen);
}

/// A frozen encoder takes its pictures a piece at a time.
TEST(StepCost, ManyPicturesOfAFrozenEncoderTakeNoMoreThanAPiece) {
  Step step = step_of_media();
  step.shape.encodes = true;
  step.shape.pictures = step.shape.clips = model::kEncodedAtOnce;
  const int64_t piece = step_bytes(step.planned().memory);
  step.shape.pictures = step.shape.clips = 4 * model::kEncodedAtOnce;
  EXPECT_LT(step_bytes(step.planned().memory), 4 * piece);
}

TEST(StepCost, AHandCountOfOneBlock) {
  model::FlamingoConfig config = testing::tiny_flamingo();
  config.lm.num_layers = 1;
  config.xattn.first = 1;  // none
  const model::Trainable tokens{.resampler = false, .xattn = false};
  const Flops flops =
      measure_step(config, {.sequences = 1, .tokens = 4, .targets = 2}, tokens, {}).flops;
  // Multiply-adds of 4 tokens of width 32: q, k, v 32 x (32 + 2 x 16), o 32 x 32, gate and up
  // 32 x 96, down 48 x 32; 4 heads of 8, 4 x 4 scores, twice; logits of 2 tokens, 42 rows.
  const double matrices = 4 * (32 * 64 + 32 * 32 + 32 * 96 + 48 * 32), attended = 2 * 4 * 4 * 4 * 8;
  EXPECT_EQ(flops.forward, 2.0 * (matrices + attended + 2 * 32 * 42));
  // Backward: dx of all, both factors of scores and sums, dW of the two additional rows.
  EXPECT_EQ(flops.backward, 2.0 * (matrices + 2 * attended + 2 * 32 * (42 + 2)));
}

/// Training costs about 6 operations a trained weight and token, a frozen one 4.
TEST(StepCost, ThePapersLargestModelCostsFourOperationsAFrozenWeight) {
  const auto config = model::flamingo_preset("flamingo-80b");
  const StepShape shape{
      .sequences = 1, .tokens = 2048, .visible = 2048, .media = 5, .targets = 2048};
  const double per_token = measure_step(config, shape, {}, {}).flops.model() / 2048;
  EXPECT_NEAR(per_token / (4 * 70.1e9 + 6 * 9.7e9), 1.0, 0.1);
}

}  // namespace
}  // namespace flamingo::plan
