#include "flamingo/generate/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo::generate {
namespace {

/// A token that may still be drawn, with its logit, later its probability.
struct Candidate {
  int32_t id;
  double weight;
};

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// Logits by id where they differ from the model's: of repeated and of banned tokens.
using ChangedLogits = std::map<int32_t, double>;

ChangedLogits changed_logits(std::span<const float> logits, std::span<const int32_t> history,
                             std::span<const int32_t> banned, double penalty) {
  ChangedLogits changed;
  const auto is_token = [&](int32_t id) {
    return id >= 0 && static_cast<size_t>(id) < logits.size();
  };
  if (penalty != 1.0) {
    for (const int32_t id : history) {
      require(is_token(id), "Sampler", "expected a history of ids below {}, got {}", logits.size(),
              id);
      const double logit = logits[static_cast<size_t>(id)];
      changed[id] = logit > 0 ? logit / penalty : logit * penalty;
    }
  }
  for (const int32_t id : banned) {
    if (is_token(id)) changed[id] = kMinusInfinity;
  }
  return changed;
}

bool heavier(const Candidate& a, const Candidate& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
}

/// The heaviest token, the lowest id of equals; throws Error when there is none. Greedy decoding
/// needs nothing else, so this reads the logits once and copies none.
Candidate heaviest(std::span<const float> logits, const ChangedLogits& changed) {
  require(!logits.empty(), "Sampler", "expected at least one logit, got none");
  Candidate best{-1, kMinusInfinity};
  for (const auto& [id, weight] : changed) {
    if (weight > best.weight) best = {id, weight};
  }
  for (size_t i = 0; i < logits.size(); ++i) {
    require(!std::isnan(logits[i]), "Sampler", "expected finite logits, got NaN",
            Hint{"the weights may be damaged"});
    if (logits[i] < best.weight) continue;
    const Candidate candidate{static_cast<int32_t>(i), logits[i]};
    if (heavier(candidate, best) && !changed.contains(candidate.id)) best = candidate;
  }
  require(best.weight > kMinusInfinity, "Sampler", "expected a token that is not banned, got none");
  return best;
}

std::vector<Candidate> all_candidates(std::span<const float> logits, const ChangedLogits& changed) {
  std::vector<Candidate> candidates;
  candidates.reserve(logits.size());
  for (size_t id = 0; id < logits.size(); ++id) {
    candidates.push_back({static_cast<int32_t>(id), logits[id]});
  }
  for (const auto& [id, weight] : changed) candidates[static_cast<size_t>(id)].weight = weight;
  return candidates;
}

/// Turns sorted logits into probabilities.
void softmax(std::vector<Candidate>& candidates, double temperature) {
  const double largest = candidates.front().weight;
  double sum = 0;
  for (auto& c : candidates) sum += c.weight = std::exp((c.weight - largest) / temperature);
  for (auto& c : candidates) c.weight /= sum;
}

/// Number of sorted candidates that top-p and min-p keep (at least one).
size_t nucleus_size(const std::vector<Candidate>& sorted, const SamplingConfig& config) {
  double sum = 0;
  size_t kept = 0;
  while (kept < sorted.size() && sum < config.top_p &&
         sorted[kept].weight >= config.min_p * sorted.front().weight) {
    sum += sorted[kept++].weight;
  }
  return std::max<size_t>(kept, 1);
}

int32_t draw(std::span<const Candidate> candidates, Rng& rng) {
  double total = 0;
  for (const auto& c : candidates) total += c.weight;
  double left = rng.uniform() * total;
  for (const auto& c : candidates) {
    left -= c.weight;
    if (left < 0) return c.id;
  }
  return candidates.back().id;
}

}  // namespace

std::optional<SamplingConfig::Fault> SamplingConfig::fault() const {
  const auto wrong = [](const char* field, const char* range, double value) {
    std::ostringstream expected;
    expected << range << ", got " << value;
    return Fault{field, expected.str()};
  };
  if (!(temperature >= 0 && std::isfinite(temperature)))
    return wrong("temperature", "a number >= 0", temperature);
  if (top_k < 0) return wrong("top_k", "a whole number >= 0", static_cast<double>(top_k));
  if (!(top_p > 0 && top_p <= 1)) return wrong("top_p", "a number in (0, 1]", top_p);
  if (!(min_p >= 0 && min_p <= 1)) return wrong("min_p", "a number in [0, 1]", min_p);
  if (!(repeat_penalty > 0 && std::isfinite(repeat_penalty)))
    return wrong("repeat_penalty", "a number > 0", repeat_penalty);
  return std::nullopt;
}

void SamplingConfig::validate() const {
  if (const auto wrong = fault()) fail("sampling." + wrong->field, "expected {}", wrong->expected);
}

Sampler::Sampler(const SamplingConfig& config) : config_(config), rng_(config.seed) {
  config_.validate();
}

int32_t Sampler::next(std::span<const float> logits, std::span<const int32_t> history,
                      std::span<const int32_t> banned) {
  const ChangedLogits changed = changed_logits(logits, history, banned, config_.repeat_penalty);
  const Candidate best = heaviest(logits, changed);
  if (config_.temperature == 0) return best.id;

  auto candidates = all_candidates(logits, changed);
  const size_t k =
      config_.top_k > 0 ? std::min<size_t>(config_.top_k, candidates.size()) : candidates.size();
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(k),
                    candidates.end(), heavier);
  candidates.resize(k);
  softmax(candidates, config_.temperature);
  return draw(std::span(candidates).first(nucleus_size(candidates, config_)), rng_);
}

double log_probability(std::span<const float> logits, int32_t id) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return logits[static_cast<size_t>(id)] - largest - std::log(sum);
}

}  // namespace flamingo::generate
