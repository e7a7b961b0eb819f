#pragma once

#include <map>
#include <vector>

#include "flamingo/data/views.h"
#include "flamingo/eval/scorer.h"
#include "flamingo/model/flamingo.h"

namespace flamingo {

/// Scores with the model. A prompt is run once, whatever the number of its candidates; media tokens
/// are computed once per medium and kept [R, Dr] for the scorer's life.
class FlamingoScorer : public Scorer {
 public:
  /// `renderer` must outlive the scorer and render at the encoder's size.
  FlamingoScorer(Flamingo model, ViewRenderer& renderer)
      : model_(std::move(model)), renderer_(renderer) {}

  std::vector<std::vector<double>> score(std::span<const ScoreRequest> requests) override;

  /// Media kept so far.
  size_t num_media() const { return media_.size(); }

 private:
  at::Tensor media_tokens(const MediumFrames& medium);
  at::Tensor media_batch(std::span<const ScoreRequest> requests);
  at::Tensor prefill(std::span<const ScoreRequest> requests, KvCache& cache);

  Flamingo model_;
  ViewRenderer& renderer_;
  std::map<MediumFrames, at::Tensor> media_;
};

}  // namespace flamingo
