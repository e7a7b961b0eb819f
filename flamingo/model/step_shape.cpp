#include "flamingo/model/step_shape.h"

#include <algorithm>

namespace flamingo {

int64_t StepTraining::lora_rank(std::string_view layer) const {
  return lora && std::ranges::find(lora->layers, layer) != lora->layers.end() ? lora->rank : 0;
}

GradientFlow::GradientFlow(const FlamingoConfig& config, const StepShape& shape,
                           const Trainable& trainable)
    : features(shape.encodes && trainable.vision),
      media(features || (trainable.resampler && (config.resampler || config.widen_media))),
      hidden(trainable.lm || (config.lm.additional_vocab > 0 && trainable.additional_tokens)) {}

int64_t num_patches(const VisionConfig& config) {
  if (config.clip_vit) {
    return config.clip_vit->num_patches() + (config.clip_vit->output == ClipOutput::kAll ? 1 : 0);
  }
  int64_t side = config.nfnet->image_size;
  for (const int64_t stride : config.nfnet->stem_strides) side = (side + stride - 1) / stride;
  for (const int64_t stride : config.nfnet->strides) side = (side + stride - 1) / stride;
  return side * side;
}

}  // namespace flamingo
