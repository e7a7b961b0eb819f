#include "flamingo/document/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "flamingo/core/error.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::document {
namespace {

using Ids = std::vector<int32_t>;

constexpr int32_t kEos = 50256;  // GPT-2's only special token, BOS and EOS at once
constexpr int32_t kEoc = 50257;
constexpr int32_t kImage = 50258;

/// GPT-2 with <EOC>; "<image>" is one added token, or plain text of three.
const text::Tokenizer& gpt2(bool one_token = true) {
  static const text::Tokenizer plain =
      testing::golden_tokenizer("gpt2").with_special_token("<EOC>");
  static const text::Tokenizer added = plain.with_special_token("<image>");
  return one_token ? added : plain;
}

/// " a" x lengths[0], media item, " a" x lengths[1], media item, ..., " a" x lengths.back().
Document page_of(const std::vector<int>& lengths) {
  Document page;
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (i > 0) {
      page.parts.push_back(Part::of_media_item(static_cast<int64_t>(page.media.size())));
      page.media.emplace_back();
    }
    std::string text;
    for (int k = 0; k < lengths[i]; ++k) text += " a";
    page.parts.push_back(Part::of_text(text));
  }
  return page;
}

TEST(Window, AShortPageIsWholeAndMarksAreNoTargets) {
  Rng rng(1);
  const auto window = sample_window(gpt2(), page_of({1, 2, 1}), {.p_next = 0}, rng);
  const int32_t a = gpt2().encode(" a").at(0);
  EXPECT_EQ(window.ids, (Ids{kEos, a, kEoc, kImage, a, a, kEoc, kImage, a, kEoc, kEos}));
  EXPECT_EQ(window.phi, (Ids{0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}));
  EXPECT_EQ(window.label, (std::vector<uint8_t>{0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1}));
  EXPECT_EQ(window.media, (std::vector<int64_t>{0, 1}));
}

TEST(Window, EndsBeforeTheMarkOfOneMediaItemTooMany) {
  Rng rng(1);
  const auto window =
      sample_window(gpt2(), page_of({1, 1, 1, 1}), {.max_media = 2, .p_next = 0}, rng);
  EXPECT_EQ(window.media, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(window.ids.back(), kEoc);
  EXPECT_EQ(std::ranges::count(window.ids, kImage), 2);
}

TEST(Window, TokensSeeOnlyMediaOfTheWindow) {
  // Every token carries the media item it must see: " a" of stretch i sees i (previous) or i + 1
  // (next).
  const Document page = page_of({7, 9, 3, 8, 5});
  for (const bool one_token : {true, false}) {
    const text::Tokenizer& tokenizer = gpt2(one_token);
    for (const double p_next : {0.0, 1.0}) {
      const prompt::Interleaved whole = prompt::interleave(
          tokenizer,
          [&] {
            std::vector<prompt::Segment> segments;
            for (const Part& part : page.parts) {
              segments.push_back(part.is_text() ? prompt::Segment::of_text(part.text)
                                                : prompt::Segment::media_item());
            }
            return segments;
          }(),
          {.close = true,
           .end = true,
           .direction =
               p_next > 0 ? prompt::MediaDirection::kNext : prompt::MediaDirection::kPrevious});
      std::set<Ids> seen;
      for (uint64_t seed = 0; seed < 300; ++seed) {
        Rng rng(seed);
        const auto window = sample_window(
            tokenizer, page, {.max_tokens = 12, .max_media = 2, .p_next = p_next}, rng);
        ASSERT_LE(window.ids.size(), 12u);
        seen.insert(window.ids);
        // Some place of the page has these tokens and, where a token sees a media item, this media
        // item.
        bool found = false;
        for (size_t begin = 0; begin + window.ids.size() <= whole.ids.size() && !found; ++begin) {
          found = true;
          for (size_t t = 0; t < window.ids.size() && found; ++t) {
            const int32_t page_phi = whole.phi[begin + t];
            const auto it = std::ranges::find(window.media, page_phi - 1);
            const auto expected =
                it == window.media.end() ? 0 : static_cast<int32_t>(it - window.media.begin()) + 1;
            found = window.ids[t] == whole.ids[begin + t] && window.phi[t] == expected;
          }
        }
        EXPECT_TRUE(found) << "seed " << seed;
      }
      EXPECT_GT(seen.size(), 10u) << "windows begin at different places";
    }
  }
}

TEST(Window, TheCoinIsThrownOncePerDocument) {
  int next = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    const auto window = sample_window(gpt2(), page_of({2, 2}), {}, rng);
    const bool is_next = window.phi.front() == 1;
    next += is_next;
    EXPECT_EQ(window.phi[1], is_next ? 1 : 0);
  }
  EXPECT_NEAR(next, 200, 40);  // 4 standard deviations
}

TEST(Window, CaptionsGetASpaceHalfOfTheTime) {
  Document pair;
  pair.media.emplace_back();
  pair.parts = {Part::of_media_item(0), Part::of_text("cat")};
  const WindowConfig config{.max_tokens = 32, .max_media = 1, .p_next = 0, .leading_space = 0.5};
  std::map<int32_t, int> first;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    const auto window = sample_window(gpt2(), pair, config, rng);
    ASSERT_EQ(window.ids.size(), 5u);  // <BOS> <image> cat <EOC> <EOS>
    ++first[window.ids[2]];
  }
  EXPECT_EQ(first.size(), 2u);
  EXPECT_NEAR(first[gpt2().encode("cat").at(0)], 200, 40);
  EXPECT_NEAR(first[gpt2().encode(" cat").at(0)], 200, 40);
}

TEST(Window, RefusesConfigsOutOfRange) {
  EXPECT_THROW(WindowConfig{.max_tokens = 1}.validate(), Error);
  EXPECT_THROW(WindowConfig{.max_media = -1}.validate(), Error);
  EXPECT_THROW(WindowConfig{.p_next = 1.5}.validate(), Error);
  EXPECT_THROW(WindowConfig{.leading_space = -0.1}.validate(), Error);
  EXPECT_NO_THROW(WindowConfig{}.validate());
}

}  // namespace
}  // namespace flamingo::document
