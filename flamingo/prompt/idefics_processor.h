#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/prompt/prompt.h"
#include "flamingo/text/tokenizer.h"

namespace flamingo::prompt {

/// Prompts as an IDEFICS model takes them, padded on the left to one length.
struct IdeficsBatch {
  int64_t batch = 0;       ///< B
  int64_t tokens = 0;      ///< T
  int64_t max_images = 1;  ///< N, images of the fullest prompt, at least 1

  std::vector<int32_t> ids;             ///< [B, T], <unk> on the left
  std::vector<uint8_t> attention_mask;  ///< [B, T], 0 on padding
  std::vector<int32_t> phi;             ///< [B, T], image 1..N that a token sees, 0 for none
  std::vector<std::vector<std::string>> images;  ///< B lists of paths
};

/// One prompt as the string that IDEFICS was trained on:
/// <s>, then texts without spaces at their ends, and for each image
/// <fake_token_around_image><image><fake_token_around_image>, where neighbours share the fake token
/// between them. <end_of_utterance> is between texts that follow each other when the tokenizer
/// has it (or as told). Throws Error on a video. Source: transformers 4.57, IdeficsProcessor.
std::string idefics_text(const text::Tokenizer& tokenizer, const Prompt& prompt,
                         std::optional<bool> add_end_of_utterance = std::nullopt);

/// Which image each token sees: the counter goes up at the image token; tokens after (not at) an
/// EOS see none until the next image token; counts over max_images see none.
///
///   ids | <s> | a | <image> | b | </s> | c | <image> | d
///   phi |  0  | 0 |    1    | 1 |  1   | 0 |    2    | 2
std::vector<int32_t> idefics_phi(std::span<const int32_t> ids, int32_t image_id,
                                 std::optional<int32_t> eos_id, int64_t max_images);

/// The text half of the processor. Special tokens in texts are recognised, as in the peer.
/// Throws Error: no prompts, a tokenizer without <image> or <unk>, a text that spells <image>.
IdeficsBatch process_idefics(const text::Tokenizer& tokenizer, const std::vector<Prompt>& prompts,
                             std::optional<bool> add_end_of_utterance = std::nullopt);

}  // namespace flamingo::prompt
