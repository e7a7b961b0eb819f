#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flamingo/data/sequence.h"

namespace flamingo::eval {

/// A prompt and possible continuations. Candidates see the media item that the prompt's last token
/// sees.
struct ScoreRequest {
  data::Sequence prompt;
  std::vector<std::vector<int32_t>> candidates;  ///< token ids, at least one each
};

/// Gives log probabilities of continuations, and continues: the model, or a stand-in of a test.
class Scorer {
 public:
  virtual ~Scorer() = default;

  /// For each request, the sum of log p(token | all before it) over each candidate's tokens.
  /// Throws Error on an empty prompt or candidate.
  virtual std::vector<std::vector<double>> score(std::span<const ScoreRequest> requests) = 0;

  /// For each request, whose candidates do not count, the likeliest token after its prompt, the
  /// likeliest after that, and so on, up to one of `ends` (which is left out) or `most`
  /// tokens. Throws Error on an empty prompt.
  virtual std::vector<std::vector<int32_t>> write(std::span<const ScoreRequest> requests,
                                                  std::span<const int32_t> ends, int64_t most) = 0;
};

}  // namespace flamingo::eval
