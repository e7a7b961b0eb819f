#pragma once

#include <functional>

#include "flamingo/model/flamingo.h"

namespace flamingo::model {

/// Pictures that a frozen encoder takes at once.
inline constexpr int64_t kEncodedAtOnce = 64;

/// pixels [N, 3, S, S] fp32 -> features [N, P, Dv] in the compute type.
using PixelEncoder = std::function<torch::Tensor(const torch::Tensor& pixels)>;

/// A model's encoder in a training step. A frozen one keeps no graph, folds the standardisation of
/// its convolutions once and takes kEncodedAtOnce pictures at a time.
PixelEncoder pixel_encoder(const Flamingo& model, bool trained);

}  // namespace flamingo::model
