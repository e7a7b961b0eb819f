#pragma once

#include "flamingo/train/step_plan.h"
#include "flamingo/train/train_recipe.h"

namespace flamingo::train {

/// What a recipe's training steps are, and how it runs them.
struct RecipePlan {
  StepProblem problem;
  plan::StepStorage storage;
  bool seen = false;       ///< the batches are as the data make them, else as full as they may be
  int64_t file_bytes = 0;  ///< mapped files whose pages the system can take back: packed pictures
                           ///< and features
};

/// Reads the model's configuration and, where all files of the sources are there, the batches of
/// the first steps: `problem.batches` has the largest extents of each source (of all together with
/// mixture mode merged). Without them a batch is as full as its source allows, every token a target
/// that sees a media item. Throws Error as training would on a file that is damaged or does not
/// fit.
RecipePlan plan_recipe(const TrainFlamingoRecipe& recipe);

/// A batch in which every token sees a media item and is a target. Throws Error unless all but
/// `media` are above 0.
plan::StepShape full_batch(int64_t sequences, int64_t tokens, int64_t media, int64_t frames);

/// What holds the extents of both.
plan::StepShape largest_of(const plan::StepShape& a, const plan::StepShape& b);

}  // namespace flamingo::train
