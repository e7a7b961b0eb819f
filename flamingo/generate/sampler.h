#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/core/rng.h"

namespace flamingo::generate {

/// How the next token is chosen from logits. The filters apply in the order listed here.
struct SamplingConfig {
  double temperature =
      0.0;  ///< 0 = greedy (the other fields but banned and repeat_penalty are then unused)
  int64_t top_k = 0;   ///< keep the k most likely tokens; 0 = all
  double top_p = 1.0;  ///< keep the smallest set with at least this probability (nucleus)
  double min_p = 0.0;  ///< drop tokens below min_p x the largest probability
  double repeat_penalty =
      1.0;  ///< divide (multiply, if negative) logits of tokens already generated
  uint64_t seed = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("temperature", temperature, "0 = greedy");
    v("top_k", top_k, "keep the k most likely tokens; 0 = all");
    v("top_p", top_p, "keep the smallest set with this probability");
    v("min_p", min_p, "drop tokens below this share of the largest probability");
    v("repeat_penalty", repeat_penalty, "above 1 discourages repeated tokens");
    v("seed", seed, "of the random choice");
  }
  /// A field out of range.
  struct Fault {
    std::string field;
    std::string expected;  ///< "a number >= 0, got -1"
  };
  /// The first one, if there is any.
  std::optional<Fault> fault() const;
  /// Throws Error naming it.
  void validate() const;
};

/// Draws tokens; deterministic for (config, logits).
class Sampler {
 public:
  explicit Sampler(const SamplingConfig& config);

  /// The next token for logits [V]; `history` holds the ids generated so far, `banned` ids are
  /// never drawn. Greedy choice takes the lowest id of equals. Throws Error when a logit is NaN,
  /// every token is banned, or a repeat penalty meets a history with ids outside [0, V).
  int32_t next(std::span<const float> logits, std::span<const int32_t> history,
               std::span<const int32_t> banned);

 private:
  SamplingConfig config_;
  Rng rng_;
};

/// log of the softmax of logits at `id`.
double log_probability(std::span<const float> logits, int32_t id);

}  // namespace flamingo::generate
