#include "flamingo/generate/occlusion.h"

#ifdef FLAMINGO_MEDIA
#include <gtest/gtest.h>

#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/generate/ranking.h"

namespace flamingo::generate {
namespace {

const std::string kOccludedModel = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end/";

class OcclusionTest : public ::testing::Test {
 protected:
  std::vector<RankedCandidate> ranked(const EncodedPrompt& encoded) const {
    return rank_candidates(bundle_, decoder_, prompt_, encoded, candidates_).candidates;
  }
  OcclusionMap map(const EncodedPrompt& encoded, int64_t side) const {
    return occlusion_map(bundle_, decoder_, prompt_, encoded, ranked_, side);
  }
  double probability(const EncodedPrompt& encoded, const std::string& text) const {
    const auto all = ranked(encoded);
    return std::ranges::find(all, text, &RankedCandidate::text)->probability;
  }

  ModelBundle bundle_ = open_model(kOccludedModel + "model", {.compute = torch::kFloat32});
  std::shared_ptr<StepDecoder> decoder_ = std::make_shared<ModelStepDecoder>(bundle_.model);
  prompt::Prompt prompt_{.items = {prompt::ImageItem{kOccludedModel + "images/cats.png"},
                                   prompt::TextItem{"The answer is"}}};
  std::vector<std::string> candidates_{"a", "the", "question"};
  std::vector<RankedCandidate> ranked_ = ranked(encode_prompt(bundle_, prompt_));
};

TEST_F(OcclusionTest, TellsWhatCoveringEachCellCostsTheAnswer) {
  const EncodedPrompt encoded = encode_prompt(bundle_, prompt_);
  const std::string& best = ranked_.front().text;
  const OcclusionMap found = map(encoded, 2);
  ASSERT_EQ(found.drops.size(), 4u);
  EncodedPrompt covered = encoded;
  auto& item = covered.media.back();
  item.key.clear();
  item.pixels = item.pixels.clone();
  const int64_t half = item.pixels.size(3) / 2;
  const auto mean = item.pixels.mean({2, 3}, true).expand({1, 3, half, item.pixels.size(3) - half});
  item.pixels.slice(2, 0, half).slice(3, half).copy_(mean);  // the second cell of the first row
  EXPECT_EQ(found.drops[1], probability(encoded, best) - probability(covered, best));
  EXPECT_EQ(map(encoded, 1).drops.size(), 1u);
}

TEST_F(OcclusionTest, NeedsAPictureAndCells) {
  const EncodedPrompt encoded = encode_prompt(bundle_, prompt_);
  EXPECT_THROW(map(encoded, 0), Error);
  EXPECT_THROW(occlusion_map(bundle_, decoder_, prompt_, encoded, {}), Error);
  EncodedPrompt text = encoded;
  text.media.clear();
  EXPECT_THROW(map(text, 3), Error);
}

}  // namespace
}  // namespace flamingo::generate
#endif  // FLAMINGO_MEDIA
