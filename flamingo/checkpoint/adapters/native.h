#pragma once

#include <string>

#include "flamingo/checkpoint/adapters/idefics.h"

namespace flamingo::checkpoint {

/// Whose the language model's weights are: those of its file, or others (it was trained), which are
/// then stored with the model.
enum class LmWeights { kOfFile, kOwn };

/// Our own folder of a trained model:
///
///   config.json        {"format": "flamingo", "version": 1, "model": FlamingoConfig,
///                       "lm": {"path": GGUF relative to the folder, "sha256": of that file} or
///                       null, "tokenizer": the same for a file of which only the tokenizer counts}
///   model.safetensors  encoder, resampler, gated layers and additional tokens in bf16; with
///                      "lm": null the language model too
///
/// The weights are written first and config.json, which makes the folder valid, last. An empty
/// lm_path stores everything in the folder in the weights' own types. Throws Error on an I/O
/// failure.
void write_native(const std::string& folder, const model::Flamingo& model,
                  const std::string& lm_path, LmWeights lm_weights = LmWeights::kOfFile);

/// Whether the folder's config.json says that it is ours. Throws Error when there is no such file.
bool is_native(const std::string& folder);

/// The config of a folder in our format or IDEFICS's, without its weights. Throws Error naming the
/// file.
model::FlamingoConfig read_model_config(const std::string& folder);

/// The GGUF of the folder's frozen language model: `lm_path` unless it is empty, else the one that
/// config.json names, as a path from here; empty when the language model is in the folder.
/// Throws Error when the folder is not ours.
std::string native_lm_path(const std::string& folder, const std::string& lm_path);

/// The GGUF that holds the folder's tokenizer, found as by native_lm_path; empty when that is in
/// the folder.
std::string native_tokenizer_path(const std::string& folder, const std::string& lm_path);

/// Reads such a folder and the frozen LM from `lm_path`, or from where config.json says when it is
/// empty. Throws Error naming the file: missing, damaged, foreign, NaN weights, of another shape,
/// or a language model whose SHA-256 is not the recorded one.
LoadedFlamingo load_native(const std::string& folder, const std::string& lm_path,
                           const lm::WeightOptions& options);

}  // namespace flamingo::checkpoint
