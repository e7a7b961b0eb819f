#pragma once

#include "flamingo/train/train_recipe.h"

namespace flamingo::train {

/// Trains resampler and gated layers, and whatever else recipe.trainable says, on a mixture of
/// sources (paper, sections 2.3 and 2.4). Beside what train() writes, into recipe.train.output:
///
///   recipe.json   the recipe with all its defaults
///   features/     what a frozen encoder makes once: features of pictograms, for episodes, and of
///                 documents' cached views
///   frozen.json   SHA-256 of every frozen tensor, which must be the same at the end
///   model/        the model, when the run is done
///
/// With several processes in `world` all of them call it: each reads its share of every batch, and
/// the first alone writes. Goes on where an earlier call stopped. Throws Error as train() and the
/// readers of the files do.
TrainResult train_flamingo(TrainFlamingoRecipe recipe, TrainHooks hooks,
                           const parallel::ProcessGroup& world = {});

}  // namespace flamingo::train
