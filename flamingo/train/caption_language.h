#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "flamingo/text/tokenizer.h"

namespace flamingo::train {

/// Captions as padded token ids.
struct CaptionTokens {
  torch::Tensor ids;   ///< [N, T] int64
  torch::Tensor mask;  ///< [N, T] int64, 1 = text
};

/// At most max_tokens of each caption; an empty one counts as one token 0.
CaptionTokens tokenize_captions(const text::Tokenizer& tokenizer,
                                const std::vector<std::string>& captions, int64_t max_tokens);

/// Frozen language for the text tower.
struct CaptionLanguage {
  text::Tokenizer tokenizer;
  torch::Tensor table;  ///< [V, D] in the compute type
  std::string hash;     ///< SHA-256 of the table as the file has it
};

/// Tokenizer and token table of a GGUF; the table in `type`. Throws Error naming the file.
CaptionLanguage read_caption_language(const std::string& gguf_path, torch::ScalarType type);

}  // namespace flamingo::train
