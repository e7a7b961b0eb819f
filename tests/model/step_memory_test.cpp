#include "flamingo/model/step_memory.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/model/tiny_flamingo.h"

namespace flamingo {
namespace {

/// Bytes of tensors that exist, counted by torch's allocator since this was put up.
struct LiveBytes : c10::MemoryReportingInfoBase {
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    now += size;
    peak = std::max(peak, now);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t now = 0, peak = 0;
};

/// A step large enough that activations outweigh what is constant.
struct Step {
  FlamingoConfig config = testing::tiny_flamingo();
  Trainable trainable;
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
    return {
        .sequences = 4, .tokens = tokens, .visible = 4 * tokens, .media = 2, .targets = targets};
  }
  StepMemory predicted() const { return step_memory(config, shape(), trainable, storage); }

  /// Gradients, activations and buffers of a real step.
  int64_t measured() const {
    const bool fp32 = storage.frozen == FrozenFormat::kFp32;
    auto model = testing::make_flamingo(config, fp32 ? torch::kFloat32 : torch::kBFloat16);
    freeze(model, trainable);
    pack_frozen(model, storage.frozen);
    model->checkpoint_blocks(storage.checkpoint_blocks);
    auto ids = testing::some_ids(4, tokens);
    ids[0][0] = 41;  // an additional token
    const auto half = torch::ones({4, tokens / 2}, torch::kInt64);
    const auto phi = torch::cat({half, half * 2}, 1);
    const auto features = model->encode_features(testing::some_pixels(4, 2)).detach();
    const auto wanted = torch::arange(targets) % 40;
    auto live = std::make_shared<LiveBytes>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, live);
    const auto media = model->resample(features);
    const auto hidden = model->forward_hidden({.ids = ids, .phi = phi, .media = media});
    const auto rows = hidden.flatten(0, 1).narrow(0, 0, targets);
    const auto loss = at::cross_entropy_loss(model->logits(rows).to(torch::kFloat32), wanted);
    loss.backward();
    return live->peak;
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
  for (const auto frozen : {FrozenFormat::kFp32, FrozenFormat::kBf16, FrozenFormat::kInt8}) {
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
  relative.config.lm.position = PositionKind::kRelative;
  relative.config.lm.norm.kind = NormKind::kLayerNorm;
  relative.config.lm.gated_ffw = false;
  relative.config.lm.activation = Activation::kGelu;
  EXPECT_NEAR(ratio(relative), 1.0, kClose);
  Step words;  // logits outweigh all else
  words.config.lm.vocab = 20000;
  words.targets = 96;
  EXPECT_NEAR(ratio(words), 1.0, kClose);
  EXPECT_GT(words.predicted().logits, words.predicted().activations);
}

TEST(StepMemory, CheckpointsAndBlocksSaveIt) {
  Step kept, checkpointed, packed;
  checkpointed.storage.checkpoint_blocks = true;
  packed.storage.frozen = FrozenFormat::kInt4;
  EXPECT_LT(checkpointed.predicted().peak(), kept.predicted().peak());
  EXPECT_LT(packed.predicted().frozen, kept.predicted().frozen);
  auto model = testing::make_flamingo(packed.config, torch::kBFloat16);
  freeze(model, {});
  pack_frozen(model, FrozenFormat::kInt4);
  const WeightBytes bytes = weight_bytes(model);
  EXPECT_EQ(packed.predicted().frozen, bytes.frozen + bytes.packed);
  EXPECT_EQ(packed.predicted().masters, bytes.trained);
}

}  // namespace
}  // namespace flamingo
