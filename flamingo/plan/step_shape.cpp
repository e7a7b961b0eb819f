#include "flamingo/plan/step_shape.h"

#include <algorithm>

namespace flamingo::plan {

int64_t StepTraining::lora_rank(std::string_view layer) const {
  return lora && std::ranges::find(lora->layers, layer) != lora->layers.end() ? lora->rank : 0;
}

GradientFlow::GradientFlow(const model::FlamingoConfig& config, const StepShape& shape,
                           const model::Trainable& trainable)
    : features(shape.encodes && trainable.vision),
      media(features || (trainable.resampler && (config.resampler || config.widen_media))),
      hidden(trainable.lm || (config.lm.additional_vocab > 0 && trainable.additional_tokens)) {}

int64_t num_patches(const vision::EncoderConfig& config) { return config.num_features(); }

}  // namespace flamingo::plan
