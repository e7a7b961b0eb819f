#pragma once

#include <map>
#include <vector>

#include "flamingo/data/views.h"
#include "flamingo/eval/scorer.h"
#include "flamingo/model/flamingo.h"

namespace flamingo::eval {

/// Scores with the model. A prompt is run once, whatever the number of its candidates; media tokens
/// are computed once per media item and kept [R, Dr] for the scorer's life.
class FlamingoScorer : public Scorer {
 public:
  /// `renderer` must outlive the scorer and render at the encoder's size.
  FlamingoScorer(model::Flamingo model, data::ViewRenderer& renderer)
      : model_(std::move(model)), renderer_(renderer) {}

  std::vector<std::vector<double>> score(std::span<const ScoreRequest> requests) override;
  std::vector<std::vector<int32_t>> write(std::span<const ScoreRequest> requests,
                                          std::span<const int32_t> ends, int64_t most) override;

  /// Media kept so far.
  size_t num_media() const { return media_.size(); }

 private:
  /// A picture's or clip's [R, Dr], computed once.
  at::Tensor media_tokens(const data::MediaFrames& media_item);
  /// [B, M, R, Dr] of all requests, zeros where one has fewer media; undefined where none has any.
  at::Tensor media_batch(std::span<const ScoreRequest> requests);
  /// [B, 1, D]: what the last tokens of the prompts became; they are in `cache` then.
  at::Tensor prefill(std::span<const ScoreRequest> requests, lm::KvCache& cache);

  model::Flamingo model_;
  data::ViewRenderer& renderer_;
  std::map<data::MediaFrames, at::Tensor> media_;
};

}  // namespace flamingo::eval
