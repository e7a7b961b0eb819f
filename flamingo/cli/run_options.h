#pragma once

#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "flamingo/core/config.h"
#include "flamingo/generate/conversation.h"
#include "flamingo/generate/media_loader.h"
#include "flamingo/generate/model_bundle.h"

namespace flamingo::cli {

/// Folder of the model that comes with the program.
inline constexpr const char* kDefaultModel = "models/pictogram";

/// Options that every verb that answers prompts shares.
struct RunOptions {
  std::string model = kDefaultModel;
  std::string lm;
  std::string dtype = "bf16";
  std::string decoder = "fused";
  int threads = 0;
  generate::FrameSampling frames;
  generate::GenerateOptions generate;
  bool json = false;
};

/// What --json does for a verb with one answer.
inline constexpr const char* kJsonHelp = "Print one JSON object instead of text";

/// Adds the options to `app`; `options` must outlive the parse. json_help: what --json does.
void add_run_options(CLI::App& app, RunOptions& options, const char* json_help = kJsonHelp);

/// Adds only those that say which model runs and how; for verbs that sample nothing.
void add_model_options(CLI::App& app, RunOptions& options, const char* json_help = kJsonHelp);

/// Throws Error naming the option whose value is out of range. Needs no model: call it before one
/// is loaded.
void check_options(const RunOptions& options);

/// Checks the options and sets the thread count. Throws Error as check_options does.
void apply_options(const RunOptions& options);

/// Checks the options, sets the thread count and opens the model. Throws Error naming what is
/// wrong.
generate::ModelBundle open_bundle(const RunOptions& options);

/// The options with the model's stop and banned ids filled in.
generate::GenerateOptions generate_options(const RunOptions& options,
                                           const generate::ModelBundle& bundle);

/// Reads a prompt's media by the config of the model that is going to be opened, and warns of those
/// that are damaged: mistakes show before the model is loaded. Throws Error naming the file.
std::vector<generate::PreparedMediaItem> read_media(const RunOptions& options,
                                                    const prompt::Prompt& prompt);

/// A decoder for single tokens: the fused one where options ask for it and the model allows it,
/// with the language model's weights as its GGUF has them; else the model's own forward. Made once,
/// it serves any number of conversations in turn.
std::shared_ptr<generate::StepDecoder> step_decoder_for(const generate::ModelBundle& bundle,
                                                        const RunOptions& options);

/// A model that is ready to answer.
struct Running {
  generate::ModelBundle bundle;
  std::shared_ptr<generate::StepDecoder> decoder;
  double load_s = 0;
};
/// open_bundle and step_decoder_for, timed.
Running start_model(const RunOptions& options);

/// One line on standard output; bytes that are no UTF-8 are replaced.
void print_json(const Json& json);

/// "vision 12 ms (2 new, 0 kept), prefill 31 tokens in 40 ms (775/s), decode 9 tokens in 81 ms
/// (111/s)".
std::string timings_text(const generate::GenerateTimings& timings);
/// What tells that the answer is not whole, in one line; "" when it is.
std::string cut_text(const generate::GenerateResult& result, const RunOptions& options);
/// An answer as an object: text, ids, finish_reason ("stop", "length", "cancelled"), timings.
Json answer_json(const generate::GenerateResult& result, double load_s);
/// The timings as an object in llama.cpp's terms (prompt_n, prompt_ms, predicted_n, predicted_ms,
/// ...).
Json timings_json(const generate::GenerateTimings& timings, double load_s);

}  // namespace flamingo::cli
