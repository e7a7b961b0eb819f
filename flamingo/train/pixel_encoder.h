#pragma once

#include <functional>

#include "flamingo/model/flamingo.h"

namespace flamingo::train {

/// pixels [N, 3, S, S] fp32 -> features [N, P, Dv] in the compute type.
using PixelEncoder = std::function<torch::Tensor(const torch::Tensor& pixels)>;

/// A model's encoder in a training step. A frozen one keeps no graph, folds the standardisation of
/// its convolutions once and takes kEncodedAtOnce pictures at a time.
PixelEncoder pixel_encoder(const model::Flamingo& model, bool trained);

}  // namespace flamingo::train
