#include "flamingo/model/pixel_encoder.h"

#include <vector>

namespace flamingo::model {

PixelEncoder pixel_encoder(const Flamingo& model, bool trained) {
  const auto encoder = model->vision_encoder;
  const auto type = model->lm->compute_type();
  if (trained)
    return
        [encoder, type](const torch::Tensor& pixels) { return encoder->forward(pixels.to(type)); };
  encoder->fold(type);
  return [encoder, type](const torch::Tensor& pixels) {
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> features;
    for (const auto& piece : pixels.split(kEncodedAtOnce))
      features.push_back(encoder->forward(piece.to(type)));
    return at::cat(features);
  };
}

}  // namespace flamingo::model
