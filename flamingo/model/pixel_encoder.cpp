#include "flamingo/model/pixel_encoder.h"

#include <vector>

namespace flamingo::model {

PixelEncoder frozen_trunk(const vision::VisionEncoderPtr& encoder, torch::ScalarType type) {
  encoder->fold(type);
  return [encoder, type](const torch::Tensor& pixels) {
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> features;
    for (const auto& piece : pixels.split(kEncodedAtOnce))
      features.push_back(encoder->trunk(piece.to(type)));
    return at::cat(features);
  };
}

PixelEncoder pixel_encoder(const Flamingo& model, bool trained) {
  const auto encoder = model->vision_encoder;
  const auto type = model->lm->compute_type();
  if (trained)
    return
        [encoder, type](const torch::Tensor& pixels) { return encoder->forward(pixels.to(type)); };
  return [encoder, trunk = frozen_trunk(encoder, type)](const torch::Tensor& pixels) {
    const torch::NoGradGuard no_grad;
    return encoder->head(trunk(pixels));
  };
}

}  // namespace flamingo::model
