// What a conversation remembers is what was said: not what a stop string cut off, and nothing of a
// call that threw.

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/generate/conversation.h"
#include "tests/generate/tiny_flamingo.h"

namespace flamingo::generate {
namespace {

using Ids = std::vector<int32_t>;

/// A to Z, a space, the two bytes of U+00E9 (as byte-level characters), and tokens of several.
text::Tokenizer word_tokenizer() {
  Json vocab = Json::object();
  const auto add = [&](const std::string& token) { vocab[token] = vocab.size(); };
  for (char letter = 'A'; letter <= 'Z'; ++letter) add(std::string(1, letter));
  for (const char* token : {"\xC4\xA0", "\xC3\x83", "\xC2\xA9"}) add(token);
  Json merges = Json::array();
  for (const auto& [left, right] :
       {std::pair("\xC4\xA0", "A"), std::pair("\xC4\xA0", "B"), std::pair("C", "D"),
        std::pair("CD", "E"), std::pair("F", "G"),
        std::pair("\xC4\xA0"
                  "A",
                  "B"),
        std::pair("H", "I"), std::pair("HI", "J"), std::pair("HIJ", "K"), std::pair("X", "Y"),
        std::pair("XY", "Z")}) {
    merges.push_back(std::string(left) + " " + right);
    add(std::string(left) + right);
  }
  const Json file = {{"version", "1.0"},
                     {"added_tokens", Json::array()},
                     {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
                     {"decoder", {{"type", "ByteLevel"}}},
                     {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}}}};
  return text::Tokenizer::from_json(file.dump(), "words")
      .with_special_token("<EOC>")
      .with_special_token("<image>");
}

PreparedMediaItem media_item(uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return {torch::randn({1, 3, 16, 16}, generator), std::to_string(seed)};
}

/// Of the log of a probability from fp32 logits: a few hundred roundings of their size.
double score_rounding(double score) {
  return 512 * std::numeric_limits<float>::epsilon() * std::max(1.0, -score);
}

void expect_same_scores(const std::vector<double>& actual, const std::vector<double>& expected,
                        const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], score_rounding(expected[i])) << what << ", candidate " << i;
  }
}

struct ConversationTest : ::testing::Test {
  ConversationTest() { at::set_num_threads(1); }  // the model is too small for more
  model::Flamingo model = tiny_flamingo();
  text::Tokenizer tokenizer = word_tokenizer();
  EncodedPrompt prompt{{41, 3, 5, 7, 26}, {1, 1, 1, 1, 1}, {media_item(1)}};
  EncodedPrompt more{{9, 4, 11}, {1, 1, 1}, {}};
  std::vector<Ids> candidates = {{2, 6}, {8, 3}, {30}};
  GenerateOptions options{
      .sampling = {.temperature = 1, .seed = 4}, .max_tokens = 12, .banned_ids = {40, 41}};

  Conversation fresh() { return {model, tokenizer, std::make_shared<ModelStepDecoder>(model)}; }

  std::vector<double> next_scores(Conversation& conversation) const {
    return conversation.score(more, candidates).log_likelihoods;
  }
  /// The same of a conversation that was given the answer.
  std::vector<double> scores_after(const Ids& answer) {
    EncodedPrompt whole = prompt;
    whole.ids.insert(whole.ids.end(), answer.begin(), answer.end());
    whole.ids.insert(whole.ids.end(), more.ids.begin(), more.ids.end());
    whole.phi.resize(whole.ids.size(), 1);
    Conversation conversation = fresh();
    return conversation.score(whole, candidates).log_likelihoods;
  }
};

TEST_F(ConversationTest, TextCutAtAStopStringIsForgotten) {
  int divided = 0;
  options.banned_ids = {27, 28, 40, 41};  // whole characters only
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    options.sampling.seed = seed;
    options.stop = {};
    Conversation whole = fresh();
    const auto free = whole.generate(prompt, options, {});
    for (size_t at = 0; at + 2 <= free.text.size(); ++at) {
      options.stop = {free.text.substr(at, 2)};
      Conversation conversation = fresh();
      std::string shown;
      const auto cut =
          conversation.generate(prompt, options, [&](const std::string& piece) { shown += piece; });
      const std::string what = "\"" + free.text + "\" before \"" + options.stop[0] + "\"";
      EXPECT_EQ(cut.text, free.text.substr(0, free.text.find(options.stop[0]))) << what;
      EXPECT_EQ(cut.finish, FinishReason::kStop);
      EXPECT_EQ(shown, cut.text);
      EXPECT_EQ(tokenizer.decode(cut.ids), cut.text) << what;
      EXPECT_EQ(cut.timings.generated_tokens, std::ssize(cut.ids));
      expect_same_scores(next_scores(conversation), scores_after(cut.ids), what);
      divided += !std::equal(cut.ids.begin(), cut.ids.end(), free.ids.begin());
    }
  }
  EXPECT_GT(divided, 0) << "some of the cuts divide a token";
}

TEST_F(ConversationTest, AStopStringThatNeverComesChangesNothing) {
  options.stop = {"no such text"};
  Conversation conversation = fresh();
  const auto result = conversation.generate(prompt, options, {});
  EXPECT_EQ(result.ids.size(), 12u);
  EXPECT_EQ(result.finish, FinishReason::kLength);
  EXPECT_FALSE(result.context_full);
  expect_same_scores(next_scores(conversation), scores_after(result.ids), "no cut");
}

TEST_F(ConversationTest, TheContextsEndIsTold) {
  options.max_tokens = 1000;
  Conversation conversation = fresh();
  const auto result = conversation.generate(prompt, options, {});
  EXPECT_EQ(result.finish, FinishReason::kLength);
  EXPECT_TRUE(result.context_full);
}

TEST_F(ConversationTest, AStopIdStaysInTheConversationAlone) {
  options.stop_ids = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  Conversation conversation = fresh();
  options.max_tokens = 40;
  const auto result = conversation.generate(prompt, options, {});
  ASSERT_EQ(result.finish, FinishReason::kStop);
  EXPECT_EQ(tokenizer.decode(result.ids), result.text);
  const auto scores = next_scores(conversation);
  double nearest = std::numeric_limits<double>::infinity();
  for (const int32_t id : options.stop_ids) {
    Ids answer = result.ids;
    answer.push_back(id);
    nearest = std::min(nearest, std::abs(scores_after(answer)[0] - scores[0]));
  }
  EXPECT_LE(nearest, score_rounding(scores[0]));
}

TEST_F(ConversationTest, WholeCharactersLeaveOutADividedOneEverywhere) {
  int divided = 0;
  for (int32_t id = 6; id < 42; ++id) {
    if (id != 27) options.banned_ids.push_back(id);
  }
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    options.sampling.seed = seed;
    options.whole_characters = false;
    Conversation plain = fresh(), conversation = fresh();
    const auto all = plain.generate(prompt, options, {});
    EXPECT_EQ(all.ids.size(), 12u);
    if (!all.text.ends_with("\xEF\xBF\xBD") || all.ids.back() != 27) continue;  // C3 comes last
    ++divided;
    options.whole_characters = true;
    const auto whole = conversation.generate(prompt, options, {});
    EXPECT_EQ(whole.text, all.text.substr(0, whole.text.size()));
    EXPECT_FALSE(whole.text.size() == all.text.size());
    EXPECT_EQ(tokenizer.decode(whole.ids), whole.text);
    EXPECT_EQ(whole.finish, FinishReason::kLength);
    EXPECT_FALSE(whole.context_full);
    expect_same_scores(next_scores(conversation), scores_after(whole.ids), all.text);
  }
  EXPECT_GT(divided, 0);
}

/// Throws in its step number `last`.
class FailingDecoder : public StepDecoder {
 public:
  FailingDecoder(model::Flamingo model, int64_t last) : decoder_(std::move(model)), left_(last) {}
  std::vector<float> step(int32_t id, int32_t phi, lm::KvCache& cache) override {
    require(--left_ != 0, "test", "expected a step, got an error");
    return decoder_.step(id, phi, cache);
  }

 private:
  ModelStepDecoder decoder_;
  int64_t left_;
};

/// A second turn with a picture of its own, and what the model weighs after it.
struct SecondTurn : ConversationTest {
  EncodedPrompt turn{{41, 12, 8}, {2, 2, 2}, {media_item(2)}};

  std::vector<double> scores_with_turn(Conversation& conversation) const {
    return conversation.score(turn, candidates).log_likelihoods;
  }
  /// Has a turn, lets `failing` throw, and expects the next turn to be as if it had never been.
  void expect_unchanged(std::shared_ptr<StepDecoder> decoder,
                        const std::function<void(Conversation&)>& failing) {
    Conversation expected = fresh(), conversation{model, tokenizer, std::move(decoder)};
    options.max_tokens = 3;
    expected.generate(prompt, options, {});
    conversation.generate(prompt, options, {});
    EXPECT_THROW(failing(conversation), Error);
    expect_same_scores(scores_with_turn(conversation), scores_with_turn(expected), "after it");
  }
  std::shared_ptr<StepDecoder> good() const { return std::make_shared<ModelStepDecoder>(model); }
};

TEST_F(SecondTurn, AScoreThatThrowsLeavesNothingBehind) {
  EncodedPrompt damaged = turn;
  damaged.media[0] = {torch::full({1, 3, 16, 16}, std::nan("")), "damaged"};
  expect_unchanged(good(), [&](Conversation& c) { c.score(damaged, candidates); });
  EncodedPrompt missing = turn;
  missing.phi = {2, 3, 3};
  expect_unchanged(good(), [&](Conversation& c) { c.score(missing, candidates); });
  for (const int64_t last : {3, 4})  // two steps of the first answer came before
    expect_unchanged(std::make_shared<FailingDecoder>(model, last),
                     [&](Conversation& c) { c.score(turn, candidates); });
}

TEST_F(SecondTurn, AnAnswerThatThrowsLeavesNothingBehind) {
  GenerateOptions nothing = options;
  for (int32_t id = 0; id < 42; ++id) nothing.banned_ids.push_back(id);
  expect_unchanged(good(), [&](Conversation& c) { c.generate(turn, nothing, {}); });
  expect_unchanged(good(), [&](Conversation& c) {
    c.generate(turn, options,
               [](const std::string&) { fail("output", "expected to show it, got an error"); });
  });
  expect_unchanged(std::make_shared<FailingDecoder>(model, 4),
                   [&](Conversation& c) { c.generate(turn, options, {}); });
}

}  // namespace
}  // namespace flamingo::generate
