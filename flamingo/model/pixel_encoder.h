#pragma once

#include <functional>

#include "flamingo/model/flamingo.h"

namespace flamingo::model {

/// Pictures that a frozen encoder takes at once.
inline constexpr int64_t kEncodedAtOnce = 64;

/// pixels [N, 3, S, S] fp32 -> features [N, P, Dv] in the compute type.
using PixelEncoder = std::function<torch::Tensor(const torch::Tensor& pixels)>;

/// A frozen encoder's trunk, which keeps no graph, folds the standardisation of its convolutions
/// once and takes kEncodedAtOnce pictures at a time: -> [N, P, D0] in `type`.
PixelEncoder frozen_trunk(const vision::VisionEncoderPtr& encoder, torch::ScalarType type);

/// A model's encoder in a training step; a frozen one keeps no graph.
PixelEncoder pixel_encoder(const Flamingo& model, bool trained);

}  // namespace flamingo::model
