#include "flamingo/plan/step_memory.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "flamingo/nn/token_loss.h"
#include "tests/model/tiny_flamingo.h"
#include "tests/plan/live_bytes.h"

namespace flamingo::plan {
namespace {

/// A step large enough that activations outweigh what is constant.
struct Step {
  model::FlamingoConfig config = testing::tiny_flamingo();
  model::Trainable trainable;
  std::optional<surgery::LoraConfig> lora;
  bool encodes = false;
  StepStorage storage;
  int64_t tokens = 48, targets = 24;

  Step() {
    config.lm.dim = 64;
    config.lm.num_layers = 6;
    config.lm.head_dim = 16;
    config.lm.ffw_dim = 160;
    config.lm.max_positions = 512;
    config.xattn.every = 2;
    config.xattn.head_dim = 32;
    config.xattn.ffw_dim = 256;
  }
  StepShape shape() const {
    return {.sequences = 4,
            .tokens = tokens,
            .visible = 4 * tokens,
            .media = 2,
            .targets = targets,
            .encodes = encodes};
  }
  StepMemory predicted() const { return step_memory(config, shape(), {trainable, lora}, storage); }

  /// Gradients, activations and buffers of a real step.
  int64_t measured() const {
    const bool fp32 = storage.frozen == surgery::FrozenFormat::kFp32;
    auto model = testing::make_flamingo(config, fp32 ? torch::kFloat32 : torch::kBFloat16);
    model::freeze(model, trainable);
    if (lora) surgery::add_lora(model, *lora, 1);
    surgery::pack_frozen(model, storage.frozen);
    model->checkpoint_blocks(storage.checkpoint_blocks);
    auto ids = testing::some_ids(4, tokens);
    ids[0][0] = 41;  // an additional token
    const auto half = torch::ones({4, tokens / 2}, torch::kInt64);
    const auto phi = torch::cat({half, half * 2}, 1);
    const int64_t side = config.transform.size;
    const auto pixels = torch::randn({4, 2, 1, 3, side, side});
    const auto kept = model->encode_features(pixels).detach();
    const auto wanted = torch::arange(targets) % 40;
    return testing::peak_bytes([&] {
      const auto media = model->resample(encodes ? model->encode_features(pixels) : kept);
      const auto hidden = model->forward_hidden({.ids = ids, .phi = phi, .media = media});
      const auto rows = hidden.flatten(0, 1).narrow(0, 0, targets);
      nn::token_loss(model->lm->logit_parts(rows), wanted).loss.backward();
    });
  }
};

/// Predicted / measured, of all that is not there before the step.
double ratio(const Step& step) {
  const StepMemory memory = step.predicted();
  const int64_t predicted = memory.peak() - memory.frozen - memory.masters - memory.moments;
  return static_cast<double>(predicted) / static_cast<double>(step.measured());
}

constexpr double kClose = 0.1;

TEST(StepMemory, IsWhatTorchAllocates) {
  for (const auto frozen :
       {surgery::FrozenFormat::kFp32, surgery::FrozenFormat::kBf16, surgery::FrozenFormat::kInt8}) {
    for (const bool checkpoint : {false, true}) {
      for (const int64_t tokens : {48, 320}) {
        Step step;
        step.storage = {frozen, checkpoint};
        step.tokens = tokens;
        EXPECT_NEAR(ratio(step), 1.0, kClose)
            << enum_name(frozen) << " " << checkpoint << " " << tokens;
      }
    }
  }
}

TEST(StepMemory, IsWhatTorchAllocatesForOtherModels) {
  Step lm;
  lm.trainable.lm = true;
  EXPECT_NEAR(ratio(lm), 1.0, kClose);
  Step relative;
  relative.config.lm.position = lm::PositionKind::kRelative;
  relative.config.lm.norm.kind = nn::NormKind::kLayerNorm;
  relative.config.lm.gated_ffw = false;
  relative.config.lm.activation = nn::Activation::kGelu;
  EXPECT_NEAR(ratio(relative), 1.0, kClose);
  Step words;  // logits outweigh all else
  words.config.lm.vocab = 20000;
  words.targets = 96;
  EXPECT_NEAR(ratio(words), 1.0, kClose);
  EXPECT_GT(words.predicted().logits, words.predicted().activations);
}

TEST(StepMemory, IsWhatTorchAllocatesForEveryFormOfTheLayers) {
  for (const lm::XattnForm form : {lm::XattnForm::kVanilla, lm::XattnForm::kGrafting}) {
    for (const bool checkpoint : {false, true}) {
      for (const bool words : {false, true}) {
        Step step;
        step.config.xattn.form = form;
        step.config.xattn.graft_depth = 2;
        step.config.xattn.first = 2;
        step.trainable.additional_tokens = words;
        step.storage.checkpoint_blocks = checkpoint;
        EXPECT_NEAR(ratio(step), 1.0, kClose) << enum_name(form) << " " << checkpoint << words;
      }
    }
  }
  Step ungated;
  ungated.config.xattn.gate = lm::GateKind::kNone;
  EXPECT_NEAR(ratio(ungated), 1.0, kClose);
  EXPECT_LT(ungated.predicted().activations, Step().predicted().activations);
  Step vectors;
  vectors.config.xattn.vector_gates = true;
  EXPECT_NEAR(ratio(vectors), 1.0, kClose);
  Step normed;
  normed.config.xattn.qk_norm = true;
  EXPECT_NEAR(ratio(normed), 1.0, kClose);
  Step frozen;
  frozen.trainable.xattn = false;
  EXPECT_NEAR(ratio(frozen), 1.0, kClose);
}

/// A step in which features outweigh text.
Step step_of_media() {
  Step step;
  step.config.vision.set_image_size(64);  // 256 features
  step.config.transform.size = 64;
  step.config.resampler->width = 48;
  step.config.resampler->head_dim = 32;
  step.tokens = 16;
  return step;
}

TEST(StepMemory, IsWhatTorchAllocatesForEveryResampler) {
  for (const resampler::ResamplerKind kind :
       {resampler::ResamplerKind::kPerceiver, resampler::ResamplerKind::kTransformer,
        resampler::ResamplerKind::kMlp}) {
    for (const bool normed : {false, true}) {
      Step step = step_of_media();
      step.config.resampler->kind = kind;
      step.config.resampler->qk_norm = normed;
      EXPECT_NEAR(ratio(step), 1.0, kClose) << enum_name(kind) << " " << normed;
    }
  }
  Step none = step_of_media();
  none.config.resampler.reset();
  EXPECT_NEAR(ratio(none), 1.0, kClose);
  Step all = step_of_media();
  all.config.resampler->num_latents = 64;
  all.config.xattn.media_attention = lm::MediaAttention::kAllPrevious;
  all.tokens = 96;
  EXPECT_NEAR(ratio(all), 1.0, kClose);
}

TEST(StepMemory, IsWhatTorchAllocatesForLora) {
  const std::vector<std::string> all{"qkv_proj", "o_proj", "up_proj", "down_proj"};
  for (const bool words : {false, true}) {
    for (const auto frozen : {surgery::FrozenFormat::kBf16, surgery::FrozenFormat::kInt8}) {
      Step step;
      step.lora = surgery::LoraConfig{.rank = 4, .layers = all};
      step.trainable.additional_tokens = words;
      step.storage.frozen = frozen;
      EXPECT_NEAR(ratio(step), 1.0, kClose) << words << enum_name(frozen);
    }
  }
  Step plain, low_rank;
  low_rank.lora = surgery::LoraConfig{.rank = 4, .layers = {"qkv_proj"}};
  const int64_t added =
      6 * 4 * (64 + low_rank.config.lm.num_heads * 16 + 2 * low_rank.config.lm.num_kv_heads * 16);
  EXPECT_EQ(low_rank.predicted().masters - plain.predicted().masters, 4 * added);
}

TEST(StepMemory, IsWhatTorchAllocatesForTrainedWords) {
  Step step;
  step.config.lm.vocab = 20000;
  step.trainable.lm = true;
  step.targets = 12;
  for (const auto frozen : {surgery::FrozenFormat::kFp32, surgery::FrozenFormat::kBf16}) {
    step.storage.frozen = frozen;
    EXPECT_NEAR(ratio(step), 1.0, kClose) << enum_name(frozen);
  }
}

TEST(StepMemory, IsWhatTorchAllocatesForEncodersThatLearn) {
  Step nfnet = step_of_media();
  nfnet.encodes = nfnet.trainable.vision = true;
  auto& net = *nfnet.config.vision.as<vision::NfnetConfig>();
  net.depths = {2, 1};
  net.widths = {32, 16};
  net.strides = {1, 2};
  net.stem_channels = {16};
  Step clip = step_of_media();
  clip.encodes = clip.trainable.vision = true;
  clip.config.vision = vision::ClipVitConfig{.image_size = 64,
                                             .patch_size = 4,
                                             .width = 64,
                                             .layers = 3,
                                             .heads = 4,
                                             .mlp_width = 256,
                                             .embed_dim = 0};
  clip.config.resampler->dim = 64;
  for (Step* step : {&nfnet, &clip}) {
    for (const auto frozen : {surgery::FrozenFormat::kFp32, surgery::FrozenFormat::kBf16}) {
      step->storage.frozen = frozen;
      EXPECT_NEAR(ratio(*step), 1.0, kClose)
          << (step == &clip ? "clip " : "nfnet ") << enum_name(frozen);
    }
  }
}

TEST(StepMemory, CheckpointsAndBlocksSaveIt) {
  Step kept, checkpointed, packed;
  checkpointed.storage.checkpoint_blocks = true;
  packed.storage.frozen = surgery::FrozenFormat::kInt4;
  EXPECT_LT(checkpointed.predicted().peak(), kept.predicted().peak());
  EXPECT_LT(packed.predicted().frozen, kept.predicted().frozen);
  auto model = testing::make_flamingo(packed.config, torch::kBFloat16);
  model::freeze(model, {});
  surgery::pack_frozen(model, surgery::FrozenFormat::kInt4);
  const surgery::WeightBytes bytes = surgery::weight_bytes(model);
  EXPECT_EQ(packed.predicted().frozen, bytes.frozen + bytes.packed);
  EXPECT_EQ(packed.predicted().masters, bytes.trained);
}

}  // namespace
}  // namespace flamingo::plan
