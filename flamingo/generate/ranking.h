#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/generate/model_bundle.h"

namespace flamingo::generate {

/// A given answer and how likely the model finds it.
struct RankedCandidate {
  std::string text;
  double log_likelihood = 0;  ///< of all its tokens
  double probability = 0;     ///< among the candidates
};

/// What ranking candidates gave.
struct Ranking {
  std::vector<RankedCandidate> candidates;  ///< likeliest first
  GenerateTimings timings;
};

/// Throws Error naming `where` when a candidate is blank or two are the same. Needs no model.
void check_candidates(const std::vector<std::string>& candidates,
                      std::string_view where = "candidate");

/// The candidates as answers to `prompt` (`encoded` with its media). Throws Error when there is
/// none, and when two of them have the same tokens.
Ranking rank_candidates(const ModelBundle& bundle, std::shared_ptr<StepDecoder> decoder,
                        const prompt::Prompt& prompt, const EncodedPrompt& encoded,
                        const std::vector<std::string>& candidates);

}  // namespace flamingo::generate
