#pragma once

#include "flamingo/model/flamingo.h"

namespace flamingo::bench {

/// The default model in its shape, with random weights: frozen parts in bf16, others in `trained`.
model::Flamingo default_model(torch::ScalarType trained);

}  // namespace flamingo::bench
