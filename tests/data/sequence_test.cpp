#include "flamingo/data/sequence.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/data/tiny_tokens.h"

namespace flamingo::data {
namespace {

TEST(SequenceBuilder, KeepsPhiAndLabelsInStep) {
  const SequenceTokens tokens = testing::tiny_tokens();
  SequenceBuilder builder(tokens);
  builder.media_item({{7, 0}})
      .text("a")
      .text("bc", true)
      .eoc(true)
      .media_item({{8, 1}, {8, 2}})
      .text("d");
  const Sequence sequence = builder.build();
  EXPECT_EQ(sequence.ids, (std::vector<int32_t>{1, 2, 'a', 'b', 'c', 3, 2, 'd'}));
  EXPECT_EQ(sequence.phi, (std::vector<int32_t>{0, 1, 1, 1, 1, 1, 2, 2}));
  EXPECT_EQ(sequence.label, (std::vector<uint8_t>{0, 0, 0, 1, 1, 1, 0, 0}));
  ASSERT_EQ(sequence.media.size(), 2u);
  EXPECT_EQ(views_of(sequence.media[1]), (MediaFrames{{8, 1}, {8, 2}}));
}

TEST(SequenceBuilder, RefusesAnEmptyMediaItem) {
  const SequenceTokens tokens = testing::tiny_tokens();
  SequenceBuilder builder(tokens);
  EXPECT_THROW(builder.media_item({}), Error);
}

TEST(SequenceBuilder, InTheOtherDirectionTextSeesTheFollowingPicture) {
  const SequenceTokens tokens = testing::tiny_tokens();
  SequenceBuilder builder(tokens, prompt::MediaDirection::kNext);
  builder.text("a").eoc(true).media_item({{7, 0}}).text("b").media_item({{8, 0}}).text("c");
  const Sequence sequence = builder.build();
  EXPECT_EQ(sequence.ids, (std::vector<int32_t>{1, 'a', 3, 2, 'b', 2, 'c'}));
  EXPECT_EQ(sequence.phi, (std::vector<int32_t>{1, 1, 1, 1, 2, 2, 2}));
}

TEST(OneTokenWords, TakesPlainWordsUpToTheLimit) {
  const std::vector<std::string> vocabulary = {" cat", "cat",  " Cat",       " ab",   " table",
                                               "",     " x1y", " abcdefghi", " door", " "};
  const auto text = [&](int32_t id) { return vocabulary[static_cast<size_t>(id)]; };
  const auto size = std::ssize(vocabulary);
  EXPECT_EQ(one_token_words(size, text, 10), (std::vector<int32_t>{0, 4, 8}));
  EXPECT_EQ(one_token_words(size, text, 2), (std::vector<int32_t>{0, 4}));
}

}  // namespace
}  // namespace flamingo::data
