#include "flamingo/data/contrastive_batches.h"

#include <ATen/ops/empty.h>

namespace flamingo::data {

ContrastiveBatches::ContrastiveBatches(PictogramSet set, const ContrastiveDataConfig& config,
                                       int64_t side)
    : set_(std::move(set)), config_(config), augmenter_(config.augment, side) {
  for (const int64_t index : set_.concepts_in(PictogramSplit::kTrain)) {
    auto drawings = set_.drawings_of(index, PictogramSplit::kTrain);
    if (drawings.empty()) continue;
    concepts_.push_back({index, drawings});
    drawings_.insert(drawings_.end(), drawings.begin(), drawings.end());
  }
  require(config_.concepts >= 2 && config_.concepts <= std::ssize(concepts_),
          "contrastive.concepts", "expected 2 to {} concepts a batch, got {}", concepts_.size(),
          config_.concepts);
}

int64_t ContrastiveBatches::steps_per_epoch() const {
  return std::ssize(concepts_) / config_.concepts;
}

std::vector<size_t> ContrastiveBatches::epoch_order(int64_t epoch) const {
  std::vector<size_t> order(concepts_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  Rng rng = Rng::for_name(config_.seed, "epoch " + std::to_string(epoch));
  shuffle(order, rng);
  return order;
}

CaptionedBatch ContrastiveBatches::batch(int64_t step) {
  require(step >= 0, "ContrastiveBatches", "expected a step >= 0, got {}", step);
  const auto order = epoch_order(step / steps_per_epoch());
  const auto first = static_cast<size_t>(step % steps_per_epoch() * config_.concepts);
  const auto count = static_cast<size_t>(config_.concepts);
  const int64_t side = augmenter_.side();
  const auto size = static_cast<size_t>(3 * side * side);
  CaptionedBatch batch;
  batch.pixels = at::empty({2 * config_.concepts, 3, side, side}, at::kFloat);
  batch.captions.resize(2 * count);
  float* out = batch.pixels.data_ptr<float>();
  Rng rng = Rng::for_name(config_.seed, "step " + std::to_string(step));
  for (size_t row = 0; row < count; ++row) {
    const Entry& entry = concepts_[order[first + row]];
    const PictogramConcept& words = set_.concepts()[static_cast<size_t>(entry.concept_index)];
    const auto pair = two_drawings(entry.drawings, rng);
    for (const size_t half : {0, 1}) {
      const size_t at = half * count + row;
      AugmentInput input = augment_input(set_, pair[half]);
      input.distractor = set_.pixels(drawings_[rng.below(drawings_.size())]);
      augmenter_.augment(input, rng, {out + at * size, size});
      batch.captions[at] = sample_caption(words, config_.caption, rng);
    }
    batch.concepts.push_back(entry.concept_index);
  }
  return batch;
}

std::array<int64_t, 2> ContrastiveBatches::two_drawings(const std::vector<int64_t>& drawings,
                                                        Rng& rng) {
  const uint64_t first = rng.below(drawings.size());
  if (drawings.size() == 1) return {drawings[0], drawings[0]};
  const uint64_t second = (first + 1 + rng.below(drawings.size() - 1)) % drawings.size();
  return {drawings[first], drawings[second]};
}

}  // namespace flamingo::data
