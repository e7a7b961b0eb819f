#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/generate/conversation.h"
#include "flamingo/generate/media_loader.h"
#include "flamingo/io/gguf.h"
#include "flamingo/model/flamingo.h"
#include "flamingo/prompt/prompt.h"
#include "flamingo/text/tokenizer.h"

namespace flamingo::generate {

/// A model with all that turns prompts into its inputs.
struct ModelBundle {
  model::Flamingo model{nullptr};
  text::Tokenizer tokenizer;
  model::PromptStyle style = model::PromptStyle::kFlamingo;
  std::string load_report;                  ///< "N frozen, M loaded, 0 missing, 0 unexpected"
  std::vector<int32_t> stop_ids;            ///< end of sequence, of chunk, of utterance
  std::optional<int32_t> answer_end;        ///< what follows a whole answer in a prompt's shots
  std::vector<int32_t> banned_ids;          ///< picture marks, and what generation_config.json bans
  std::vector<std::string> warnings;        ///< what a program should tell its user
  std::shared_ptr<const io::Gguf> lm_file;  ///< of the frozen language model; null: it has none
};

/// How a model is opened.
struct OpenOptions {
  std::string lm_path;  ///< GGUF of the frozen language model; empty: where the model's config says
  torch::ScalarType compute = torch::kBFloat16;
};

/// Opens a folder: our own format (config.json with "format": "flamingo") or IDEFICS.
/// Throws Error naming the file that is missing, damaged, foreign or does not fit.
ModelBundle open_model(const std::string& folder, const OpenOptions& options);

/// What the model of a folder wants done to pictures, without its weights: media can be read before
/// those. Throws Error as open_model does where there is no model.
media::TransformConfig read_transform(const std::string& folder);

/// Token ids and phi of a prompt, in the model's style; media are left empty.
/// `media_before` media of the same conversation came earlier (0: the prompt starts it, with BOS).
EncodedPrompt encode_text(const ModelBundle& bundle, const prompt::Prompt& prompt,
                          int32_t media_before = 0, bool begin = true);

/// A prompt whole: encode_text, and its pictures and clips as the model takes them (load_media).
/// Throws Error naming a file that cannot be read.
EncodedPrompt encode_prompt(const ModelBundle& bundle, const prompt::Prompt& prompt,
                            const FrameSampling& sampling = {});

/// Token ids of `answer` after `prompt`, whose own are `prompt_ids` (a space comes between, if
/// neither has one), and of the token that follows a whole answer, if the model has one. Throws
/// Error when the answer is blank or changes the prompt's own tokens.
std::vector<int32_t> continuation_ids(const ModelBundle& bundle, const prompt::Prompt& prompt,
                                      std::span<const int32_t> prompt_ids,
                                      const std::string& answer);

}  // namespace flamingo::generate
