#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flamingo/generate/sampler.h"
#include "flamingo/generate/step_decoder.h"
#include "flamingo/model/flamingo.h"
#include "flamingo/text/tokenizer.h"

namespace flamingo::generate {

/// A picture (F = 1) or clip, prepared for the encoder.
struct PreparedMediaItem {
  at::Tensor pixels;   ///< [F, 3, S, S] float32
  std::string key;     ///< content hash: equal keys share encoded media; empty = never kept
  std::string damage;  ///< what was left out of a clip because it was damaged; empty: nothing
};

/// New text and media of one conversation. phi counts all media of the conversation from 1.
struct EncodedPrompt {
  std::vector<int32_t> ids;              ///< [T]
  std::vector<int32_t> phi;              ///< [T]
  std::vector<PreparedMediaItem> media;  ///< those that are new
};

/// How an answer is sampled and where it ends.
struct GenerateOptions {
  SamplingConfig sampling;
  int64_t max_tokens = 64;
  std::vector<std::string> stop;    ///< the answer ends before the first of these
  std::vector<int32_t> stop_ids;    ///< end of chunk, end of sequence
  std::vector<int32_t> banned_ids;  ///< never generated, such as <image>
  /// Leave out a character that the end of the answer divides; else U+FFFD stands for it.
  bool whole_characters = false;
  const std::atomic<bool>* cancel = nullptr;  ///< ends the answer when it becomes true
};

/// Wall-clock seconds and token counts of one answer.
struct GenerateTimings {
  double vision_s = 0;
  double prefill_s = 0;
  double decode_s = 0;
  int64_t media_encoded = 0;
  int64_t media_reused = 0;
  int64_t prompt_tokens = 0;
  int64_t generated_tokens = 0;
};

/// Why an answer ended.
enum class FinishReason { kStop, kLength, kCancelled };
constexpr std::array<std::pair<FinishReason, const char*>, 3> enum_table(FinishReason) {
  return {{{FinishReason::kStop, "stop"},
           {FinishReason::kLength, "length"},
           {FinishReason::kCancelled, "cancelled"}}};
}

/// An answer.
struct GenerateResult {
  std::string text;
  std::vector<int32_t> ids;  ///< the tokens of `text`; stop ids left out
  FinishReason finish = FinishReason::kLength;
  bool context_full = false;  ///< kLength by the end of the context, not by max_tokens
  GenerateTimings timings;
};

/// Log-likelihoods of candidate answers.
struct ScoreResult {
  std::vector<double> log_likelihoods;  ///< one per candidate
  GenerateTimings timings;              ///< generated_tokens: those of candidates that were run
};

/// Media tokens by content, so that a picture is encoded once however often it is shown.
class MediaCache {
 public:
  explicit MediaCache(model::Flamingo model) : model_(std::move(model)) {}

  /// media [1, M, R, Dr] of all `media` (undefined for none); counts go into timings.
  at::Tensor encode(const std::vector<PreparedMediaItem>& media, GenerateTimings& timings);

 private:
  /// Those that are to be encoded, by their place in `media`: as many together as are alike and
  /// some memory holds.
  std::vector<std::vector<size_t>> batches_of_new(
      const std::vector<PreparedMediaItem>& media) const;

  model::Flamingo model_;
  std::map<std::string, at::Tensor> tokens_;  ///< [1, 1, R, Dr]
};

/// One conversation: every call adds text and media to what was seen before and answers.
/// Keys and values of text and media are computed once and kept. It holds what was said, no more:
/// text that a stop string cuts off is forgotten with its tokens, and where the cut divides a
/// token, the rest of its word is encoded anew (see cut_answer). A call that throws changes
/// nothing.
class Conversation {
 public:
  /// `tokenizer` must outlive the conversation.
  Conversation(model::Flamingo model, const text::Tokenizer& tokenizer,
               std::shared_ptr<StepDecoder> decoder);

  /// Called with each piece of text as soon as it is final.
  using OnText = std::function<void(const std::string&)>;

  /// Answers `prompt`. Throws Error when the prompt is empty or does not fit the context
  /// (both numbers are named), or phi names a media item that is not there.
  GenerateResult generate(const EncodedPrompt& prompt, const GenerateOptions& options,
                          const OnText& on_text);

  /// Scores given answers by the sum of log p over their tokens, as the paper does. The prompt
  /// becomes part of the conversation, the candidates do not. Throws like generate, and on no or an
  /// empty candidate, an unknown token id, or a log p that is not finite.
  ScoreResult score(const EncodedPrompt& prompt, std::span<const std::vector<int32_t>> candidates);

 private:
  /// What a call may change, to go back to when it throws.
  struct Mark {
    int64_t length;
    int64_t num_media;
    int32_t last_phi;
    std::vector<int32_t> pending;
  };

  /// The tokens of an answer, and what ended it besides its length and its text.
  struct Drawn {
    std::vector<int32_t> ids;
    std::optional<int32_t> stop_id;
    bool cancelled = false;
  };

  /// Throws unless the prompt is sound and leaves room for `answer` tokens in the context.
  void check(const EncodedPrompt& prompt, int64_t answer, const char* where) const;
  /// Does `work`; whatever it throws, the conversation is as before then.
  template <class Work>
  auto or_go_back(const Work& work);
  std::vector<float> prefill(const EncodedPrompt& prompt, GenerateTimings& timings);
  GenerateResult answer(const EncodedPrompt& prompt, const GenerateOptions& options,
                        const OnText& on_text);
  /// Draws tokens until `push`, which is given each, returns false, or one of the options ends it.
  Drawn draw(std::vector<float> logits, Sampler& sampler, const GenerateOptions& options,
             const std::function<bool(int32_t)>& push);
  ScoreResult score_candidates(const EncodedPrompt& prompt,
                               std::span<const std::vector<int32_t>> candidates);
  /// Makes `kept` the answer in place of the `drawn` tokens, which begin at `start`.
  void keep(std::span<const int32_t> kept, std::span<const int32_t> drawn, int64_t start);

  model::Flamingo model_;
  const text::Tokenizer& tokenizer_;
  std::shared_ptr<StepDecoder> decoder_;
  MediaCache media_cache_;
  lm::KvCache cache_;
  int32_t last_phi_ = 0;
  std::vector<int32_t> pending_;  ///< said but not yet seen by the model
};

}  // namespace flamingo::generate
