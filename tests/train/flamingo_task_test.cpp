#include "flamingo/train/flamingo_task.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/model/freeze.h"
#include "tests/model/summed_terms.h"
#include "tests/model/tiny_flamingo.h"

namespace flamingo::train {
namespace {

constexpr int64_t kPatches = 16, kDim = 16;

/// Features that differ from view to view.
torch::Tensor gather(std::span<const data::ViewRef> views) {
  const auto features = torch::empty({std::ssize(views), kPatches, kDim});
  for (size_t i = 0; i < views.size(); ++i) {
    const double phase =
        static_cast<double>(views[i].picture) + 0.1 * static_cast<double>(views[i].view);
    features[static_cast<int64_t>(i)] =
        (torch::arange(kPatches * kDim).view({kPatches, kDim}) * 0.7 + phase).sin();
  }
  return features;
}

std::vector<data::Sequence> sequences() {
  return {{.ids = {1, 9, 20, 2, 9, 30, 2},
           .phi = {0, 1, 1, 1, 2, 2, 2},
           .label = {0, 0, 1, 1, 0, 1, 1},
           .media = {data::MediaFrames{{5, 0}}, data::MediaFrames{{6, 1}, {6, 2}, {6, 3}}}},
          {.ids = {1, 9, 11, 9, 11},
           .phi = {0, 1, 1, 2, 2},
           .label = {0, 0, 0, 0, 1},
           .media = {data::MediaFrames{{7, 1}}, data::MediaFrames{{7, 2}}},
           .binding = true}};
}

torch::Tensor gather_group(const MediaGroup& group) { return gather(group.views); }

/// The definition: one sequence at a time, logits of every token, mean over targets.
double plain_loss(model::Flamingo& model, const std::vector<data::Sequence>& all) {
  double sum = 0;
  int64_t count = 0;
  for (const data::Sequence& s : all) {
    std::vector<torch::Tensor> media;
    for (const auto& frames : s.media) {
      media.push_back(
          model->resample(gather(data::views_of(frames)).unsqueeze(0).unsqueeze(0)).squeeze(0));
    }
    const auto ids = torch::tensor(std::vector<int64_t>(s.ids.begin(), s.ids.end())).unsqueeze(0);
    const auto phi = torch::tensor(std::vector<int64_t>(s.phi.begin(), s.phi.end())).unsqueeze(0);
    const auto logits =
        model->forward({.ids = ids, .phi = phi, .media = at::cat(media).unsqueeze(0)}).squeeze(0);
    const auto log_p = at::log_softmax(logits, -1);
    for (size_t t = 1; t < s.ids.size(); ++t) {
      if (!s.label[t]) continue;
      sum -= log_p[static_cast<int64_t>(t) - 1][s.ids[t]].item<double>();
      ++count;
    }
  }
  return sum / static_cast<double>(count);
}

TEST(FlamingoLosses, EqualsThePlainDefinition) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  const torch::NoGradGuard no_grad;
  const auto result = flamingo_losses(model, collate(sequences()), gather_group);
  const double plain = plain_loss(model, sequences());
  const int64_t terms = testing::summed_terms(model->config(), 7, 3 * kPatches) + 42;
  EXPECT_NEAR(result.loss.item<double>(), plain, testing::rounding<float>(terms, plain));
  EXPECT_EQ(result.num_bound, 1);
}

TEST(FlamingoLosses, GradientsReachTrainedPartsOnly) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  model::freeze(model, {});
  flamingo_losses(model, collate(sequences()), gather_group).loss.backward();
  for (const auto& item : model->named_parameters()) {
    const bool frozen =
        item.key().starts_with("vision_encoder.") ||
        (item.key().starts_with("lm.") && item.key().find("additional") == std::string::npos);
    EXPECT_EQ(item.value().requires_grad(), !frozen) << item.key();
    if (frozen) {
      EXPECT_FALSE(item.value().grad().defined()) << item.key();
    }
    if (item.key().starts_with("xattn.")) {
      EXPECT_TRUE(item.value().grad().defined()) << item.key();
    }
  }
}

TEST(FlamingoLosses, PicturesMatter) {
  auto model = testing::make_flamingo(testing::tiny_flamingo());
  const torch::NoGradGuard no_grad;
  auto other = sequences();
  other[0].media[0] = data::MediaFrames{{50, 0}};
  const double before =
      flamingo_losses(model, collate(sequences()), gather_group).loss.item<double>();
  EXPECT_NE(flamingo_losses(model, collate(other), gather_group).loss.item<double>(), before);
}

TEST(GateMetrics, AreTheSizesOfTanh) {
  const auto model = testing::make_flamingo(testing::tiny_flamingo());
  const auto metrics = gate_metrics(model);
  ASSERT_EQ(metrics.size(), 2 * model->xattn->size());
  EXPECT_EQ(metrics[0].first, "gate_xattn.0");
  EXPECT_NEAR(metrics[0].second, std::tanh(0.4), testing::rounding<float>(testing::kFunction, 1));
  EXPECT_EQ(metrics[1].first, "gate_dense.0");
}

}  // namespace
}  // namespace flamingo::train
