#include "flamingo/generate/conversation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "flamingo/generate/cut_answer.h"
#include "flamingo/generate/stop_matcher.h"

namespace flamingo::generate {
namespace {

constexpr int64_t kPicturesAtOnce = 8;  // bounds the memory of the encoder's activations

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

/// The text of an answer as its tokens come, up to the first stop string.
class AnswerText {
 public:
  AnswerText(const text::Tokenizer& tokenizer, const std::vector<std::string>& stops,
             const Conversation::OnText& on_text)
      : stream_(tokenizer), stops_(stops), on_text_(on_text) {}

  void push(int32_t id) { show(stops_.push(stream_.push(id))); }

  /// Shows what was held back. -> whether some text of the tokens is not shown.
  bool finish(bool whole_characters) {
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
    std::string rest = stream_.finish();  // ends within a character
    const size_t size = rest.size();
    while (whole_characters && rest.ends_with(kReplacement))
      rest.resize(rest.size() - kReplacement.size());
    show(stops_.push(rest));
    show(stops_.finish());
    return stops_.stopped() || rest.size() < size;
  }

  bool stopped() const { return stops_.stopped(); }
  const std::string& text() const { return text_; }

 private:
  void show(const std::string& text) {
    text_ += text;
    if (!text.empty() && on_text_) on_text_(text);
  }

  text::StreamDecoder stream_;
  StopMatcher stops_;
  const Conversation::OnText& on_text_;
  std::string text_;
};

}  // namespace

at::Tensor MediaCache::encode(const std::vector<PreparedMediaItem>& media,
                              GenerateTimings& timings) {
  if (media.empty()) return {};
  std::vector<at::Tensor> tokens(media.size());
  timings.media_reused += std::ssize(media);
  for (const auto& group : batches_of_new(media)) {
    std::vector<at::Tensor> pixels;
    for (const size_t i : group) pixels.push_back(media[i].pixels);
    const auto encoded = model_->encode_media(at::stack(pixels).unsqueeze(0));  // [1, n, R, Dr]
    for (size_t n = 0; n < group.size(); ++n)
      tokens[group[n]] = encoded.narrow(1, static_cast<int64_t>(n), 1);
    timings.media_encoded += std::ssize(group);
    timings.media_reused -= std::ssize(group);
  }
  for (size_t i = 0; i < media.size(); ++i) {
    const std::string& key = media[i].key;
    if (!tokens[i].defined()) tokens[i] = tokens_.at(key);
    if (!key.empty()) tokens_.emplace(key, tokens[i]);
  }
  return at::cat(tokens, 1);
}

std::vector<std::vector<size_t>> MediaCache::batches_of_new(
    const std::vector<PreparedMediaItem>& media) const {
  std::set<std::string_view> queued;
  std::map<int64_t, std::vector<size_t>> open;  // by frames
  std::vector<std::vector<size_t>> batches;
  for (size_t i = 0; i < media.size(); ++i) {
    const std::string& key = media[i].key;
    if (!key.empty() && (tokens_.contains(key) || !queued.insert(key).second)) continue;
    const int64_t frames = media[i].pixels.size(0);
    std::vector<size_t>& batch = open[frames];
    batch.push_back(i);
    if (std::ssize(batch) * frames >= kPicturesAtOnce) batches.push_back(std::exchange(batch, {}));
  }
  for (auto& [frames, batch] : open) {
    if (!batch.empty()) batches.push_back(std::move(batch));
  }
  return batches;
}

Conversation::Conversation(model::Flamingo model, const text::Tokenizer& tokenizer,
                           std::shared_ptr<StepDecoder> decoder)
    : model_(model),
      tokenizer_(tokenizer),
      decoder_(std::move(decoder)),
      media_cache_(std::move(model)) {}

void Conversation::check(const EncodedPrompt& prompt, int64_t answer, const char* where) const {
  require(!prompt.ids.empty(), where, "expected a prompt, got an empty one");
  require(prompt.ids.size() == prompt.phi.size(), where,
          "expected one phi per token, got {} for {} tokens", prompt.phi.size(), prompt.ids.size());
  const int64_t context = model_->config().lm.max_positions;
  const int64_t total = cache_.length() + std::ssize(pending_) + std::ssize(prompt.ids);
  require(
      total + answer <= context, where,
      "expected a prompt of at most {} tokens (the model's context of {} less the answer), got {}",
      std::max<int64_t>(context - answer, 0), context, total,
      Hint{"use fewer shots or a shorter text"});
}

std::vector<float> Conversation::prefill(const EncodedPrompt& prompt, GenerateTimings& timings) {
  const c10::InferenceMode guard;
  model::FlamingoInput input;
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

template <class Work>
auto Conversation::or_go_back(const Work& work) {
  const Mark before{cache_.length(), cache_.num_media(), last_phi_, pending_};
  try {
    return work();
  } catch (...) {
    cache_.truncate(before.length);
    cache_.truncate_media(before.num_media);
    last_phi_ = before.last_phi;
    pending_ = before.pending;
    throw;
  }
}

void Conversation::keep(std::span<const int32_t> kept, std::span<const int32_t> drawn,
                        int64_t start) {
  const auto same = std::ranges::mismatch(kept, drawn).in1 - kept.begin();
  const int64_t seen = std::min<int64_t>(cache_.length() - start, same);
  cache_.truncate(start + seen);
  pending_.assign(kept.begin() + seen, kept.end());
}

GenerateResult Conversation::generate(const EncodedPrompt& prompt, const GenerateOptions& options,
                                      const OnText& on_text) {
  check(prompt, 1, "generate");
  return or_go_back([&] { return answer(prompt, options, on_text); });
}

Conversation::Drawn Conversation::draw(std::vector<float> logits, Sampler& sampler,
                                       const GenerateOptions& options,
                                       const std::function<bool(int32_t)>& push) {
  Drawn drawn;
  while (std::ssize(drawn.ids) < options.max_tokens &&
         cache_.length() < model_->config().lm.max_positions) {
    drawn.cancelled = options.cancel && options.cancel->load();
    if (drawn.cancelled) break;
    if (!drawn.ids.empty()) logits = decoder_->step(drawn.ids.back(), last_phi_, cache_);
    const int32_t id = sampler.next(logits, drawn.ids, options.banned_ids);
    if (contains(options.stop_ids, id)) {
      drawn.stop_id = id;
      break;
    }
    drawn.ids.push_back(id);
    if (!push(id)) break;
  }
  return drawn;
}

GenerateResult Conversation::answer(const EncodedPrompt& prompt, const GenerateOptions& options,
                                    const OnText& on_text) {
  GenerateResult result;
  Sampler sampler(options.sampling);
  AnswerText text(tokenizer_, options.stop, on_text);
  auto logits = prefill(prompt, result.timings);
  const ScopeTimer timer(result.timings.decode_s);
  const int64_t start = cache_.length();
  const auto [drawn, stop_id, cancelled] =
      draw(std::move(logits), sampler, options, [&](int32_t id) {
        text.push(id);
        return !text.stopped();
      });
  const bool is_cut = text.finish(options.whole_characters);
  if (cancelled) result.finish = FinishReason::kCancelled;
  if (stop_id || text.stopped()) result.finish = FinishReason::kStop;
  result.context_full =
      result.finish == FinishReason::kLength && std::ssize(drawn) < options.max_tokens;
  result.text = text.text();
  result.ids = is_cut ? cut_answer(tokenizer_, prompt.ids.back(), drawn, result.text) : drawn;
  keep(result.ids, drawn, start);
  if (stop_id && !text.stopped()) pending_.push_back(*stop_id);  // the model's own end of a turn
  result.timings.generated_tokens = std::ssize(result.ids);
  return result;
}

ScoreResult Conversation::score(const EncodedPrompt& prompt,
                                std::span<const std::vector<int32_t>> candidates) {
  require(!candidates.empty(), "score", "expected at least one candidate, got none");
  const lm::DecoderConfig& lm = model_->config().lm;
  const int64_t words = lm.vocab + lm.additional_vocab;
  int64_t longest = 0;
  for (const auto& candidate : candidates) {
    require(!candidate.empty(), "score", "expected candidates of at least one token");
    for (const int32_t id : candidate) {
      require(id >= 0 && id < words, "score", "expected token ids below {}, got {}", words, id);
    }
    longest = std::max(longest, std::ssize(candidate));
  }
  check(prompt, longest - 1, "score");  // the last token is never read
  return or_go_back([&] { return score_candidates(prompt, candidates); });
}

ScoreResult Conversation::score_candidates(const EncodedPrompt& prompt,
                                           std::span<const std::vector<int32_t>> candidates) {
  ScoreResult result;
  const std::vector<float> first = prefill(prompt, result.timings);
  const ScopeTimer timer(result.timings.decode_s);
  const int64_t length = cache_.length();
  for (const auto& candidate : candidates) {
    double sum = log_probability(first, candidate.front());
    for (size_t t = 1; t < candidate.size(); ++t) {
      sum += log_probability(decoder_->step(candidate[t - 1], last_phi_, cache_), candidate[t]);
    }
    require(std::isfinite(sum), "score", "expected finite log probabilities, got {}", sum,
            Hint{"the weights or pictures hold NaN or infinity"});
    cache_.truncate(length);
    result.log_likelihoods.push_back(sum);
    result.timings.generated_tokens += std::ssize(candidate) - 1;
  }
  return result;
}

}  // namespace flamingo::generate
