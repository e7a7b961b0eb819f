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

int64_t num_patches(const model::VisionConfig& config) {
  if (config.clip_vit) {
    return config.clip_vit->num_patches() +
           (config.clip_vit->output == vision::ClipOutput::kAll ? 1 : 0);
  }
  int64_t side = config.nfnet->image_size;
  for (const int64_t stride : config.nfnet->stem_strides) side = (side + stride - 1) / stride;
  for (const int64_t stride : config.nfnet->strides) side = (side + stride - 1) / stride;
  return side * side;
}

}  // namespace flamingo::plan
