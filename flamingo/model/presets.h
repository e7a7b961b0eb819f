#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flamingo/model/config.h"

namespace flamingo::model {

/// A whole model by name:
///
///   flamingo-3b, -9b, -80b   the paper's (tables 5 and 13): NFNet-F6, resampler, Chinchilla-style
///   LM flamingo-pictogram       the default model: SmolLM2-135M and a 3.2 M parameter encoder
///
/// The paper contradicts itself on the 9B: its table of shapes has 40 LM blocks and 10 gated
/// layers, its parameter counts fit 32 and 8; this is the latter. Throws Error listing the names.
FlamingoConfig flamingo_preset(std::string_view name);

/// Names that flamingo_preset() knows.
std::vector<std::string> flamingo_preset_names();

/// A decoder in the manner of Chinchilla: pre-norm blocks with RMSNorm, heads of 128, 4 D wide
/// GELU, Transformer-XL relative positions, 32,000 tied embeddings; 13 D^2 L + 32000 D parameters
/// and norms.
lm::DecoderConfig chinchilla_lm(int64_t dim, int64_t num_layers);

/// SmolLM2-135M's shape.
lm::DecoderConfig smollm2_135m();

}  // namespace flamingo::model
