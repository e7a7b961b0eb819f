#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <span>

#include "flamingo/data/views.h"
#include "flamingo/eval/runner.h"
#include "flamingo/vision/encoder.h"

namespace flamingo::eval {

/// An encoder's features of clean views, averaged over patches; each picture's are computed once.
class FeatureMeans {
 public:
  /// `renderer` must outlive it and render at the encoder's size.
  FeatureMeans(vision::VisionEncoderPtr encoder, data::ViewRenderer& renderer)
      : encoder_(std::move(encoder)), renderer_(renderer) {}

  /// N pictures -> [N, Dv], fp32.
  at::Tensor of(std::span<const int64_t> pictures);

 private:
  vision::VisionEncoderPtr encoder_;
  data::ViewRenderer& renderer_;
  std::map<int64_t, at::Tensor> means_;  ///< [Dv] by picture
};

/// What the encoder alone could do with a task's shots: the answer is the candidate whose shots'
/// mean is nearest to the query by cosine. Features are centred and scaled by the mean and
/// deviation of the pictures of their style that the task may show, since a style moves all of them
/// alike. Throws Error on a task without shots.
Accuracy nearest_shots(const FewShotTask& task, const EvalData& data, FeatureMeans& features,
                       const EvalConfig& config);

}  // namespace flamingo::eval
