#include <torch/types.h>

#include <vector>

#include "bench/default_model.h"
#include "bench/flop_counter.h"
#include "bench/scenario.h"
#include "flamingo/model/freeze.h"
#include "flamingo/train/flamingo_task.h"
#include "flamingo/train/optimizer.h"

namespace flamingo::bench {
namespace {

constexpr double kTrainGoal = 0.5;  // of the bf16 roof
constexpr int64_t kSequences = 24;
constexpr int32_t kPictures = 5;
constexpr int32_t kChunk = 6;  // tokens of one picture's text

/// A batch in the shape of the default recipe's: every chunk is a mark, text and two targets.
train::FlamingoBatch make_batch() {
  std::vector<data::Sequence> sequences(kSequences);
  for (data::Sequence& sequence : sequences) {
    for (int32_t t = 0; t < kPictures * kChunk; ++t) {
      sequence.ids.push_back(100 + t);
      sequence.phi.push_back(t / kChunk + 1);
      sequence.label.push_back(t % kChunk >= kChunk - 2 ? 1 : 0);
    }
    for (int32_t m = 0; m < kPictures; ++m)
      sequence.media.emplace_back(data::MediaFrames{data::ViewRef{}});
  }
  return train::collate(sequences);
}

}  // namespace

void run_train(Context& context) {
  model::Flamingo model = default_model(torch::kFloat32);
  model::freeze(model, {});
  train::AdamW optimizer({}, *model);
  const train::FlamingoBatch batch = make_batch();
  const int64_t side = model->config().transform.size;
  const auto picture = torch::randn({1, 3, side, side}).to(torch::kBFloat16);
  const auto features = model->vision_encoder->forward(picture).detach();  // [1, P, Dv]
  const auto gather = [&](const train::MediaGroup& group) {
    return features.expand({std::ssize(group.views), -1, -1});
  };
  const auto step = [&] {
    train::flamingo_losses(model, batch, gather).loss.backward();
    optimizer.clip_gradients();
    optimizer.step(1.0);
    optimizer.zero_grad();
  };
  context.measure({"train", "stage 2, 24 sequences", "token", static_cast<double>(batch.num_tokens),
                   count_gflop(step), kTrainGoal},
                  context.roofs.bf16, step);
}

}  // namespace flamingo::bench
