#pragma once

#include <ATen/core/Tensor.h>

#include "flamingo/core/layer_config.h"

namespace flamingo::nn {

/// x of any shape -> the same shape and type.
at::Tensor activate(Activation kind, const at::Tensor& x);

}  // namespace flamingo::nn
