#include "flamingo/eval/nearest_shots.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/data/tiny_tokens.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::eval {
namespace {

constexpr int64_t kSide = 16;

/// Two patches per picture, whose mean is its mean colour. Counts what it encodes.
class ColourEncoder : public vision::VisionEncoder {
 public:
  torch::Tensor forward(const torch::Tensor& pixels) override {
    encoded += pixels.size(0);
    const torch::Tensor colours = pixels.mean(torch::IntArrayRef{2, 3});
    return torch::stack({colours + 1, colours - 1}, 1);
  }
  int64_t dim() const override { return 3; }
  int64_t image_size() const override { return kSide; }

  int64_t encoded = 0;
};

class NearestShotsTest : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  EvalData data_{testing::tiny_pictures(folder_, 8, 8), testing::tiny_tokens(), {200, 201, 202}};
  data::ViewRenderer renderer_{
      data_.set, {}, {.size = kSide, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}}, 1};
  std::shared_ptr<ColourEncoder> encoder_ = std::make_shared<ColourEncoder>();
  FeatureMeans features_{encoder_, renderer_};
  FewShotTask task_{.name = "labels",
                    .ways = 3,
                    .shots = 1,
                    .split = "unseen",
                    .query_style = "twitter",
                    .shot_styles = {"openmoji"},
                    .made_up = true};
};

TEST_F(NearestShotsTest, AveragesPatchesAndEncodesEachPictureOnce) {
  const torch::Tensor means = features_.of(std::vector<int64_t>{3, 5, 3});
  EXPECT_EQ(means.sizes(), (std::vector<int64_t>{3, 3}));
  EXPECT_TRUE(torch::equal(means[0], means[2]));
  const torch::Tensor pixels = renderer_.render(std::vector<data::ViewRef>{{.picture = 5}});
  EXPECT_TRUE(torch::allclose(means[1], pixels.mean(torch::IntArrayRef{0, 2, 3})));
  features_.of(std::vector<int64_t>{5, 6});
  EXPECT_EQ(encoder_->encoded, 3);
}

TEST_F(NearestShotsTest, FindsClassesAcrossStylesThatDifferByAConstant) {
  // Twitter's drawings are smaller than OpenMoji's, so all their colours are lighter.
  const Accuracy accuracy = nearest_shots(task_, data_, features_, {.episodes = 200});
  EXPECT_EQ(accuracy.total, 200);
  EXPECT_GT(accuracy.value(), 0.8) << "chance is 1/3";
}

TEST_F(NearestShotsTest, NeedsShots) {
  task_.shots = 0;
  EXPECT_THROW(nearest_shots(task_, data_, features_, {}), Error);
}

}  // namespace
}  // namespace flamingo::eval
