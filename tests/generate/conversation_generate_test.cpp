#include "flamingo/generate/conversation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "tests/generate/tiny_flamingo.h"
#include "tests/model/summed_terms.h"

namespace flamingo::generate {
namespace {

/// A byte-level tokenizer of 40 one-character tokens "A" .. and two special ones.
text::Tokenizer tiny_tokenizer() {
  Json vocab = Json::object();
  for (int i = 0; i < 40; ++i) vocab[std::string(1, static_cast<char>('A' + i))] = i;
  const Json file = {{"version", "1.0"},
                     {"added_tokens", Json::array()},
                     {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
                     {"decoder", {{"type", "ByteLevel"}}},
                     {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", Json::array()}}}};
  return text::Tokenizer::from_json(file.dump(), "tiny")
      .with_special_token("<EOC>")
      .with_special_token("<image>");
}

PreparedMediaItem random_media_item(const std::string& key, int64_t frames = 1) {
  return {torch::randn({frames, 3, 16, 16}), key};
}

struct ConversationGenerateTest : ::testing::Test {
  model::Flamingo model = tiny_flamingo();
  text::Tokenizer tokenizer = tiny_tokenizer();
  Conversation conversation{model, tokenizer, std::make_shared<ModelStepDecoder>(model)};
  EncodedPrompt prompt{
      {41, 3, 5, 41, 7}, {1, 1, 1, 2, 2}, {random_media_item("a"), random_media_item("b", 3)}};
};

/// Of a sum of log likelihoods after up to 20 tokens, with two images of 16 patches.
double tolerance(const model::Flamingo& model, double expected) {
  const int64_t terms = testing::summed_terms(model->config(), 20, 4 * 16) + 42;
  return testing::rounding<float>(terms, std::abs(expected));
}

/// Logits [1, T, V] by a full forward, without any cache.
torch::Tensor uncached_logits(model::Flamingo model, const EncodedPrompt& prompt) {
  const c10::InferenceMode guard;
  GenerateTimings timings;
  model::FlamingoInput input;
  input.ids = torch::tensor(prompt.ids, torch::kInt).to(torch::kLong).unsqueeze(0);
  input.phi = torch::tensor(prompt.phi, torch::kInt).to(torch::kLong).unsqueeze(0);
  input.media = MediaCache(model).encode(prompt.media, timings);
  return model->forward(input);
}

/// `prompt` with more tokens that see its last media item.
EncodedPrompt extended(EncodedPrompt prompt, const std::vector<int32_t>& ids) {
  prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
  prompt.phi.resize(prompt.ids.size(), prompt.phi.back());
  return prompt;
}

/// Greedy ids by a full forward per token, without any cache.
std::vector<int32_t> uncached_greedy(model::Flamingo model, const EncodedPrompt& prompt,
                                     int64_t count) {
  const c10::InferenceMode guard;
  std::vector<int32_t> answer;
  for (int64_t i = 0; i < count; ++i) {
    const auto logits = last_logits(uncached_logits(model, extended(prompt, answer)));
    answer.push_back(
        static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
  }
  return answer;
}

TEST_F(ConversationGenerateTest, PicturesThatAreEncodedTogetherAreThoseEncodedAlone) {
  const c10::InferenceMode guard;
  std::vector<PreparedMediaItem> media;
  for (int i = 0; i < 11; ++i) media.push_back(random_media_item(std::to_string(i)));
  media.insert(media.begin() + 2, random_media_item("clip", 3));
  media.push_back(random_media_item(""));  // never kept
  media.push_back(media[4]);
  GenerateTimings timings;
  const auto together = MediaCache(model).encode(media, timings);
  EXPECT_EQ(timings.media_encoded, 13);
  EXPECT_EQ(timings.media_reused, 1);
  ASSERT_EQ(together.size(1), std::ssize(media));
  const int64_t terms = testing::summed_terms(model->config(), 1, 3 * 16);
  for (size_t i = 0; i < media.size(); ++i) {
    const auto alone = MediaCache(model).encode({media[i]}, timings)[0][0];
    const auto difference = (together[0][static_cast<int64_t>(i)] - alone).norm().item<double>();
    EXPECT_LE(difference, testing::rounding<float>(terms, alone.norm().item<double>())) << i;
  }
}

TEST_F(ConversationGenerateTest, CachedDecodingEqualsFullForwards) {
  const auto result = conversation.generate(prompt, {.max_tokens = 10}, {});
  EXPECT_EQ(result.ids, uncached_greedy(model, prompt, 10));
  EXPECT_EQ(result.finish, FinishReason::kLength);
  EXPECT_EQ(result.timings.generated_tokens, 10);
  EXPECT_EQ(result.timings.media_encoded, 2);
}

TEST_F(ConversationGenerateTest, ASecondTurnSeesTheFirstAndReusesItsPictures) {
  const auto first = conversation.generate(prompt, {.max_tokens = 4}, {});
  EncodedPrompt more{{41, 9}, {3, 3}, {prompt.media[0]}};
  const auto second = conversation.generate(more, {.max_tokens = 5}, {});
  EXPECT_EQ(second.timings.media_reused, 1);

  EncodedPrompt whole = prompt;
  whole.ids.insert(whole.ids.end(), first.ids.begin(), first.ids.end());
  whole.phi.resize(whole.ids.size(), 2);
  whole.ids.insert(whole.ids.end(), more.ids.begin(), more.ids.end());
  whole.phi.insert(whole.phi.end(), more.phi.begin(), more.phi.end());
  whole.media.push_back(prompt.media[0]);
  EXPECT_EQ(second.ids, uncached_greedy(model, whole, 5));
}

TEST_F(ConversationGenerateTest, ScoresCandidatesAsFullForwardsDoAndForgetsThem) {
  const std::vector<std::vector<int32_t>> candidates = {{9}, {4, 6, 40}, {4, 6}};
  const auto scores = conversation.score(prompt, candidates).log_likelihoods;
  ASSERT_EQ(scores.size(), 3u);
  for (size_t i = 0; i < candidates.size(); ++i) {
    const c10::InferenceMode guard;
    const auto logits = uncached_logits(model, extended(prompt, candidates[i]));
    const auto log_p = logits[0].to(torch::kDouble).log_softmax(-1);
    double expected = 0;
    for (size_t t = 0; t < candidates[i].size(); ++t) {
      const auto before = static_cast<int64_t>(prompt.ids.size() + t) - 1;
      expected += log_p[before][candidates[i][t]].item<double>();
    }
    EXPECT_NEAR(scores[i], expected, tolerance(model, expected)) << i;
  }
  const EncodedPrompt more{{3, 7}, {2, 2}, {}};
  const GenerateOptions options{.max_tokens = 6};
  Conversation fresh(model, tokenizer, std::make_shared<ModelStepDecoder>(model));
  EXPECT_EQ(conversation.generate(more, options, {}).ids,
            fresh.generate(extended(prompt, {3, 7}), options, {}).ids);
}

TEST_F(ConversationGenerateTest, ScoresAfterAnAnswerAsAFreshConversationDoes) {
  const auto first = conversation.generate(prompt, {.max_tokens = 4}, {});
  const EncodedPrompt more{{3, 7}, {2, 2}, {}};
  const auto both = extended(extended(prompt, first.ids), {3, 7});
  const std::vector<std::vector<int32_t>> candidates = {{4, 6}, {8}};
  Conversation fresh(model, tokenizer, std::make_shared<ModelStepDecoder>(model));
  const auto expected = fresh.score(both, candidates).log_likelihoods;
  const auto got = conversation.score(more, candidates).log_likelihoods;
  for (size_t i = 0; i < candidates.size(); ++i)
    EXPECT_NEAR(got[i], expected[i], tolerance(model, expected[i])) << i;
}

/// What score says of `candidates`, or nothing when it accepts them.
std::string refusal(Conversation& conversation, const EncodedPrompt& prompt,
                    const std::vector<std::vector<int32_t>>& candidates) {
  try {
    conversation.score(prompt, candidates);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_F(ConversationGenerateTest, RefusesToScoreWhatItCannot) {
  const lm::DecoderConfig& lm = model->config().lm;
  const auto words = static_cast<int32_t>(lm.vocab + lm.additional_vocab);
  const auto room = static_cast<size_t>(lm.max_positions) - prompt.ids.size();
  EXPECT_NE(refusal(conversation, prompt, {}).find("at least one candidate"), std::string::npos);
  EXPECT_NE(refusal(conversation, prompt, {{3}, {}}).find("at least one token"), std::string::npos);
  EXPECT_NE(refusal(conversation, prompt, {{words}}).find("token ids"), std::string::npos);
  EXPECT_NE(refusal(conversation, prompt, {{3, -1}}).find("token ids"), std::string::npos);
  const std::vector<int32_t> longest(room + 1, 3), longer(room + 2, 3);
  EXPECT_NE(refusal(conversation, prompt, {longer}).find("context"), std::string::npos);
  EXPECT_EQ(refusal(conversation, prompt, {longest}), "");  // nothing was taken in before
}

TEST_F(ConversationGenerateTest, StopIdEndsTheAnswerAndIsNotPartOfIt) {
  const auto ids = uncached_greedy(model, prompt, 3);
  const auto result = conversation.generate(prompt, {.stop_ids = {ids[2]}}, {});
  EXPECT_EQ(result.finish, FinishReason::kStop);
  EXPECT_LE(result.ids.size(), 2u);
}

TEST_F(ConversationGenerateTest, StreamedPiecesAreTheText) {
  std::string streamed;
  const auto result = conversation.generate(prompt, {.max_tokens = 8},
                                            [&](const std::string& piece) { streamed += piece; });
  EXPECT_EQ(streamed, result.text);
}

TEST_F(ConversationGenerateTest, BannedIdsNeverAppear) {
  const auto free_ids = uncached_greedy(model, prompt, 1);
  const auto result =
      conversation.generate(prompt, {.max_tokens = 8, .banned_ids = {free_ids[0]}}, {});
  EXPECT_EQ(std::count(result.ids.begin(), result.ids.end(), free_ids[0]), 0);
}

TEST_F(ConversationGenerateTest, CancelEndsTheAnswer) {
  const std::atomic<bool> cancel{true};
  const auto result = conversation.generate(prompt, {.cancel = &cancel}, {});
  EXPECT_EQ(result.finish, FinishReason::kCancelled);
  EXPECT_TRUE(result.ids.empty());
}

TEST_F(ConversationGenerateTest, RefusesEmptyAndTooLongPrompts) {
  EXPECT_THROW(conversation.generate({}, {}, {}), Error);
  EncodedPrompt too_long{std::vector<int32_t>(64, 1), std::vector<int32_t>(64, 0), {}};
  EXPECT_THROW(conversation.generate(too_long, {}, {}), Error);
  EncodedPrompt no_picture{{1, 2}, {0, 1}, {}};
  EXPECT_THROW(conversation.generate(no_picture, {}, {}), Error);
}

}  // namespace
}  // namespace flamingo::generate
