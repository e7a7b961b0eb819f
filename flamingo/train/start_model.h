#pragma once

#include <string>
#include <vector>

#include "flamingo/checkpoint/encoder_files.h"
#include "flamingo/model/flamingo.h"
#include "flamingo/text/tokenizer.h"
#include "flamingo/train/train_recipe.h"

namespace flamingo::train {

/// A model ready to be trained: frozen parts in the compute type, trained ones as fp32 masters.
struct StartedModel {
  model::Flamingo model{nullptr};
  text::Tokenizer tokenizer;          ///< knows the additional tokens
  std::string lm_path;                ///< GGUF of its tokenizer and language model; empty: none
  std::string tokenizer_path;         ///< tokenizer.json where there is no GGUF
  bool lm_is_file = true;             ///< the language model's weights are those of lm_path
  std::vector<std::string> warnings;  ///< what a program should tell its user
};

/// The model that a recipe makes of its parts.
model::FlamingoConfig model_config(const TrainFlamingoRecipe& recipe,
                                   const checkpoint::EncoderFiles& encoder,
                                   const lm::DecoderConfig& lm);

/// Builds the model of a recipe from its parts, or opens its `model`. Throws Error naming the file
/// that is missing, damaged or does not fit.
StartedModel start_model(const TrainFlamingoRecipe& recipe);

/// Stores the frozen language model as the recipe says: its file's own blocks where they are small
/// enough, else rounded. Throws Error as pack_frozen does.
void pack_language_model(const TrainFlamingoRecipe& recipe, StartedModel& start);

/// Writes a trained model into a folder: trained weights from `start`, all others as they were
/// before they were packed. Throws Error on an I/O failure.
void write_trained(const std::string& folder, const TrainFlamingoRecipe& recipe,
                   const StartedModel& start);

/// Type of the arithmetic.
torch::ScalarType compute_type(const TrainFlamingoRecipe& recipe);

}  // namespace flamingo::train
