#include "flamingo/generate/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "flamingo/generate/stop_matcher.h"

namespace flamingo {
namespace {

/// Adds the seconds of its scope to a total.
class ScopeTimer {
 public:
  explicit ScopeTimer(double& total) : total_(total), start_(std::chrono::steady_clock::now()) {}
  ~ScopeTimer() {
    total_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  double& total_;
  std::chrono::steady_clock::time_point start_;
};

at::Tensor row_of(const std::vector<int32_t>& values) {
  return at::tensor(values, at::kInt).to(at::kLong).unsqueeze(0);  // [1, T]
}

bool contains(const std::vector<int32_t>& ids, int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

double log_probability(const std::vector<float>& logits, int32_t id) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return logits[static_cast<size_t>(id)] - largest - std::log(sum);
}

}  // namespace

at::Tensor MediaCache::encode(const std::vector<Medium>& media, GenerateTimings& timings) {
  if (media.empty()) return {};
  std::vector<at::Tensor> tokens;
  for (const auto& medium : media) {
    const auto known = medium.key.empty() ? tokens_.end() : tokens_.find(medium.key);
    if (known != tokens_.end()) {
      ++timings.media_reused;
      tokens.push_back(known->second);
      continue;
    }
    ++timings.media_encoded;
    tokens.push_back(
        model_->encode_media(medium.pixels.unsqueeze(0).unsqueeze(0)));  // [1, 1, R, Dr]
    if (!medium.key.empty()) tokens_.emplace(medium.key, tokens.back());
  }
  return at::cat(tokens, 1);
}

Conversation::Conversation(Flamingo model, const Tokenizer& tokenizer,
                           std::shared_ptr<StepDecoder> decoder)
    : model_(model),
      tokenizer_(tokenizer),
      decoder_(std::move(decoder)),
      media_cache_(std::move(model)) {}

/// `room`: tokens that must fit after the prompt.
void Conversation::check(const EncodedPrompt& prompt, size_t room) const {
  require(!prompt.ids.empty(), "generate", "expected a prompt, got an empty one");
  require(prompt.ids.size() == prompt.phi.size(), "generate",
          "expected one phi per token, got another number");
  const int64_t max_positions = model_->config().lm.max_positions;
  const int64_t total =
      cache_.length() + std::ssize(pending_) + std::ssize(prompt.ids) + static_cast<int64_t>(room);
  require(total <= max_positions, "generate",
          "expected a prompt below the model's context of " + std::to_string(max_positions) +
              " tokens, got " + std::to_string(total - static_cast<int64_t>(room)),
          "use fewer shots or a shorter text");
}

std::vector<float> Conversation::prefill(const EncodedPrompt& prompt, GenerateTimings& timings) {
  const c10::InferenceMode guard;
  FlamingoInput input;
  {
    const ScopeTimer timer(timings.vision_s);
    input.media = media_cache_.encode(prompt.media, timings);
  }
  const ScopeTimer timer(timings.prefill_s);
  std::vector<int32_t> ids = pending_;
  std::vector<int32_t> phi(pending_.size(), last_phi_);
  ids.insert(ids.end(), prompt.ids.begin(), prompt.ids.end());
  phi.insert(phi.end(), prompt.phi.begin(), prompt.phi.end());
  input.ids = row_of(ids);
  input.phi = row_of(phi);
  input.cache = &cache_;
  const auto hidden = model_->forward_hidden(input);
  pending_.clear();
  last_phi_ = phi.back();
  timings.prompt_tokens = static_cast<int64_t>(ids.size());
  return last_logits(model_->logits(hidden.slice(1, -1)));
}

GenerateResult Conversation::generate(const EncodedPrompt& prompt, const GenerateOptions& options,
                                      const OnText& on_text) {
  check(prompt, 1);
  GenerateResult result;
  Sampler sampler(options.sampling);
  StreamDecoder stream(tokenizer_);
  StopMatcher stops(options.stop);
  const auto emit = [&](const std::string& text) {
    result.text += text;
    if (!text.empty() && on_text) on_text(text);
  };
  auto logits = prefill(prompt, result.timings);
  const ScopeTimer timer(result.timings.decode_s);
  while (static_cast<int64_t>(result.ids.size()) < options.max_tokens &&
         cache_.length() < model_->config().lm.max_positions) {
    if (options.cancel && options.cancel->load()) {
      result.finish = FinishReason::kCancelled;
      break;
    }
    if (!pending_.empty()) {
      logits = decoder_->step(pending_.back(), last_phi_, cache_);
      pending_.clear();
    }
    const int32_t id = sampler.next(logits, result.ids, options.banned_ids);
    pending_.push_back(id);
    if (contains(options.stop_ids, id)) {
      result.finish = FinishReason::kStop;
      break;
    }
    result.ids.push_back(id);
    emit(stops.push(stream.push(id)));
    if (stops.stopped()) {
      result.finish = FinishReason::kStop;
      break;
    }
  }
  emit(stops.push(stream.finish()) + stops.finish());
  result.timings.generated_tokens = static_cast<int64_t>(result.ids.size());
  return result;
}

std::vector<double> Conversation::score(const EncodedPrompt& prompt,
                                        std::span<const std::vector<int32_t>> candidates) {
  require(!candidates.empty(), "score", "expected at least one candidate, got none");
  size_t longest = 0;
  for (const auto& candidate : candidates) {
    require(!candidate.empty(), "score", "expected candidates of at least one token");
    longest = std::max(longest, candidate.size());
  }
  check(prompt, longest);
  GenerateTimings timings;
  const std::vector<float> first = prefill(prompt, timings);
  const int64_t length = cache_.length();
  std::vector<double> scores;
  for (const auto& candidate : candidates) {
    scores.push_back(log_probability(first, candidate.front()));
    for (size_t t = 1; t < candidate.size(); ++t) {
      scores.back() +=
          log_probability(decoder_->step(candidate[t - 1], last_phi_, cache_), candidate[t]);
    }
    cache_.truncate(length);
  }
  return scores;
}

}  // namespace flamingo
