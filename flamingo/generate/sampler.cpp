#include "flamingo/generate/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

/// A token that may still be drawn, with its logit, later its probability.
struct Candidate {
  int32_t id;
  double weight;
};

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

std::vector<Candidate> allowed_candidates(std::span<const float> logits,
                                          std::span<const int32_t> banned) {
  std::vector<Candidate> candidates;
  candidates.reserve(logits.size());
  for (size_t id = 0; id < logits.size(); ++id) {
    require(!std::isnan(logits[id]), "Sampler", "expected finite logits, got NaN",
            "the weights may be damaged");
    candidates.push_back({static_cast<int32_t>(id), logits[id]});
  }
  for (const int32_t id : banned) {
    if (id >= 0 && static_cast<size_t>(id) < candidates.size())
      candidates[id].weight = kMinusInfinity;
  }
  return candidates;
}

void penalise_repeats(std::vector<Candidate>& candidates, std::span<const int32_t> history,
                      double penalty) {
  if (penalty == 1.0) return;
  for (const int32_t id : std::set<int32_t>(history.begin(), history.end())) {
    double& logit = candidates.at(static_cast<size_t>(id)).weight;
    logit = logit > 0 ? logit / penalty : logit * penalty;
  }
}

bool heavier(const Candidate& a, const Candidate& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
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

void SamplingConfig::validate() const {
  const auto check = [](bool ok, const char* field, const char* range) {
    if (!ok) fail(std::string("sampling.") + field, std::string("expected ") + range);
  };
  check(temperature >= 0 && std::isfinite(temperature), "temperature", "a number >= 0");
  check(top_k >= 0, "top_k", "a whole number >= 0");
  check(top_p > 0 && top_p <= 1, "top_p", "a number in (0, 1]");
  check(min_p >= 0 && min_p <= 1, "min_p", "a number in [0, 1]");
  check(repeat_penalty > 0 && std::isfinite(repeat_penalty), "repeat_penalty", "a number > 0");
}

Sampler::Sampler(const SamplingConfig& config) : config_(config), rng_(config.seed) {
  config_.validate();
}

int32_t Sampler::next(std::span<const float> logits, std::span<const int32_t> history,
                      std::span<const int32_t> banned) {
  auto candidates = allowed_candidates(logits, banned);
  require(!candidates.empty(), "Sampler", "expected at least one logit, got none");
  penalise_repeats(candidates, history, config_.repeat_penalty);
  const auto best = *std::min_element(candidates.begin(), candidates.end(), heavier);
  require(best.weight > kMinusInfinity, "Sampler", "expected a token that is not banned, got none");
  if (config_.temperature == 0) return best.id;

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

}  // namespace flamingo
