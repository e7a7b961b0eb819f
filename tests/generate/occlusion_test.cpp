#include "flamingo/generate/occlusion.h"

#ifdef FLAMINGO_MEDIA
#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/generate/ranking.h"

namespace flamingo::generate {
namespace {

const std::string kOccludedModel = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end/";

class OcclusionTest : public ::testing::Test {
 protected:
  OcclusionMap map(const EncodedPrompt& encoded, int64_t side) const {
    return occlusion_map(bundle_, decoder_, prompt_, encoded, candidates_, side);
  }
  double probability(const EncodedPrompt& encoded, const std::string& text) const {
    for (const auto& ranked :
         rank_candidates(bundle_, decoder_, prompt_, encoded, candidates_).candidates) {
      if (ranked.text == text) return ranked.probability;
    }
    return -1;
  }

  ModelBundle bundle_ = open_model(kOccludedModel + "model", {.compute = torch::kFloat32});
  std::shared_ptr<StepDecoder> decoder_ = std::make_shared<ModelStepDecoder>(bundle_.model);
  prompt::Prompt prompt_{.items = {prompt::ImageItem{kOccludedModel + "images/cats.png"},
                                   prompt::TextItem{"The answer is"}}};
  std::vector<std::string> candidates_{"a", "the", "question"};
};

TEST_F(OcclusionTest, TellsWhatCoveringEachCellCostsTheAnswer) {
  const EncodedPrompt encoded = encode_prompt(bundle_, prompt_);
  const std::string best =
      rank_candidates(bundle_, decoder_, prompt_, encoded, candidates_).candidates.front().text;
  const OcclusionMap found = map(encoded, 2);
  ASSERT_EQ(found.drops.size(), 4u);
  EncodedPrompt covered = encoded;
  auto& item = covered.media.back();
  item.key.clear();
  item.pixels = item.pixels.clone();
  const int64_t half = item.pixels.size(3) / 2;
  for (int64_t c = 0; c < 3; ++c) {  // the second cell of the first row
    const double mean = item.pixels[0][c].mean().item<double>();
    item.pixels[0][c].slice(0, 0, half).slice(1, half).fill_(mean);
  }
  EXPECT_NEAR(found.drops[1], probability(encoded, best) - probability(covered, best), 1e-5);
  EXPECT_EQ(map(encoded, 1).drops.size(), 1u);
}

TEST_F(OcclusionTest, NeedsAPictureAndCells) {
  const EncodedPrompt encoded = encode_prompt(bundle_, prompt_);
  EXPECT_THROW(map(encoded, 0), Error);
  EncodedPrompt text = encoded;
  text.media.clear();
  EXPECT_THROW(map(text, 3), Error);
}

}  // namespace
}  // namespace flamingo::generate
#endif  // FLAMINGO_MEDIA
