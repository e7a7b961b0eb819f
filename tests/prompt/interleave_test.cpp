#include "flamingo/prompt/interleave.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::prompt {
namespace {

using Ids = std::vector<int32_t>;
using Kind = Segment::Kind;

/// GPT-2 with <EOC>; "<image>" is plain text of three tokens, or one added token.
text::Tokenizer with_eoc(bool one_token) {
  static const text::Tokenizer gpt2 = testing::golden_tokenizer("gpt2").with_special_token("<EOC>");
  return one_token ? gpt2.with_special_token("<image>") : gpt2;
}

TEST(Interleave, SplitsMarks) {
  const auto segments = split_marks("a<image><video>b<imag<image>");
  const Kind kinds[] = {Kind::kText, Kind::kMediaItem, Kind::kMediaItem, Kind::kText,
                        Kind::kMediaItem};
  ASSERT_EQ(segments.size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(segments[i].kind, kinds[i]);
  EXPECT_EQ(segments[3].text, "b<imag");
  EXPECT_FALSE(segments[1].is_video);
  EXPECT_TRUE(segments[2].is_video);
  EXPECT_TRUE(split_marks("").empty());
}

TEST(Interleave, PaperExampleWithAnAddedToken) {
  const text::Tokenizer t = with_eoc(true);
  const int32_t bos = 50256, eoc = 50257, image = 50258;
  const int32_t pets = t.encode("pets").at(0), puppy = t.encode(" puppy").at(0);
  const auto segments = split_marks("pets<image> puppy<image> puppy");
  InterleaveOptions options{.close = true, .end = true};
  const Interleaved page = interleave(t, segments, options);
  ASSERT_EQ(t.encode("pets").size(), 2u);
  const int32_t s = t.encode("pets").at(1);
  EXPECT_EQ(page.ids, (Ids{bos, pets, s, eoc, image, puppy, eoc, image, puppy, eoc, bos}));
  EXPECT_EQ(page.phi, (Ids{0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2}));
  EXPECT_EQ(page.num_media, 2);
  options.direction = MediaDirection::kNext;
  EXPECT_EQ(interleave(t, segments, options).phi, (Ids{1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2}));
}

TEST(Interleave, MarksOfSeveralTokensAreNeverMerged) {
  const text::Tokenizer t = with_eoc(false);
  const Ids mark = t.encode_plain("<image>");
  ASSERT_GT(mark.size(), 1u);
  const Interleaved page = interleave(t, split_marks("a <image><image>b"), {.begin = false});
  Ids ids = t.encode_plain("a ");
  Ids phi(ids.size(), 0);
  for (int32_t number : {1, 2}) {
    ids.push_back(50257);
    phi.push_back(number - 1);
    ids.insert(ids.end(), mark.begin(), mark.end());
    phi.insert(phi.end(), mark.size(), number);
  }
  ids.push_back(t.encode_plain("b").at(0));
  phi.push_back(2);
  EXPECT_EQ(page.ids, ids);
  EXPECT_EQ(page.phi, phi);
}

TEST(Interleave, FewShotPromptStaysOpen) {
  const text::Tokenizer t = with_eoc(true);
  const Interleaved page = interleave(t, split_marks("<image>Output: A cat.<image>Output:"), {});
  EXPECT_EQ(t.decode(page.ids), "<|endoftext|><image>Output: A cat.<EOC><image>Output:");
}

TEST(Interleave, ChunksEndOnce) {
  const text::Tokenizer t = with_eoc(true);
  const Segment segments[] = {Segment::of_text("x"),   Segment::end_of_chunk(),
                              Segment::end_of_chunk(), Segment::media_item(),
                              Segment::of_text("y"),   Segment::of_text("z")};
  EXPECT_EQ(t.decode(interleave(t, segments, {.begin = false, .close = true}).ids),
            "x<EOC><image>yz<EOC>");
  EXPECT_EQ(t.decode(interleave(t, segments, {.end_of_chunk = "", .begin = false}).ids),
            "x<image>yz");
  EXPECT_TRUE(interleave(t, {}, {.begin = false, .close = true}).ids.empty());
}

TEST(Interleave, SpecialTokensInTextStayText) {
  const text::Tokenizer t = with_eoc(true);
  const Segment segments[] = {Segment::of_text("<EOC><image><|endoftext|>")};
  const Interleaved page = interleave(t, segments, {.begin = false});
  for (const int32_t id : page.ids) EXPECT_FALSE(t.is_special(id));
  EXPECT_EQ(page.num_media, 0);
}

TEST(Interleave, NeedsTheEndOfChunkToken) {
  const text::Tokenizer& gpt2 = testing::golden_tokenizer("gpt2");
  EXPECT_NE(testing::error_of([&] { interleave(gpt2, {}, {}); }).find("<EOC>"), std::string::npos);
}

/// The definition, token by token: which mark is the last to begin at or before, or the first to
/// end at or after, each token.
Ids naive_phi(const std::vector<int>& mark_of, int32_t num_media, MediaDirection direction) {
  Ids phi;
  for (size_t t = 0; t < mark_of.size(); ++t) {
    int32_t found = 0;
    if (direction == MediaDirection::kPrevious) {
      for (size_t i = 0; i <= t; ++i) found = std::max(found, mark_of[i]);
    } else {
      for (size_t i = mark_of.size(); i-- > t;) found = mark_of[i] > 0 ? mark_of[i] : found;
      if (found == 0) found = num_media;
    }
    phi.push_back(found);
  }
  return phi;
}

TEST(Interleave, RandomPagesEqualTheDefinition) {
  Rng rng(testing::seeded(9));
  for (const bool one_token : {true, false}) {
    const text::Tokenizer t = with_eoc(one_token);
    const Ids mark = one_token ? Ids{50258} : t.encode_plain("<image>");
    for (int round = 0; round < 300; ++round) {
      std::vector<Segment> segments;
      Ids ids{50256};
      std::vector<int> mark_of{0};
      int32_t num_media = 0;
      const auto push = [&](int32_t id, int number) {
        ids.push_back(id);
        mark_of.push_back(number);
      };
      bool last_was_text = false;
      for (uint64_t n = rng.below(10); n > 0; --n) {
        last_was_text = !last_was_text && rng.coin(0.5);
        if (last_was_text) {
          segments.push_back(Segment::of_text(" ab c<image>"));
          for (const int32_t id : t.encode_plain(" ab c<image>")) push(id, 0);
          continue;
        }
        segments.push_back(Segment::media_item());
        ++num_media;
        if (ids.size() > 1) push(50257, 0);
        for (const int32_t id : mark) push(id, num_media);
      }
      for (const auto direction : {MediaDirection::kPrevious, MediaDirection::kNext}) {
        const Interleaved page = interleave(t, segments, {.direction = direction});
        EXPECT_EQ(page.ids, ids);
        EXPECT_EQ(page.phi, naive_phi(mark_of, num_media, direction));
        EXPECT_EQ(page.num_media, num_media);
        ASSERT_EQ(page.marks.size(), static_cast<size_t>(num_media));
        for (int32_t k = 0; k < num_media; ++k) {
          EXPECT_EQ(page.marks[k], std::ranges::find(mark_of, k + 1) - mark_of.begin());
        }
      }
    }
  }
}

}  // namespace
}  // namespace flamingo::prompt
