#include "flamingo/train/collate.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "flamingo/core/error.h"

namespace flamingo::train {
namespace {

using Ids = std::vector<int64_t>;

Ids ids_of(const torch::Tensor& tensor) {
  const auto flat = tensor.to(torch::kInt64).contiguous().flatten();
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

/// <1> picture word end, then a clip with a word.
data::Sequence pair_and_clip() {
  return {.ids = {1, 9, 20, 2, 9, 30, 2},
          .phi = {0, 1, 1, 1, 2, 2, 2},
          .label = {0, 0, 1, 1, 0, 1, 1},
          .media = {data::MediaFrames{{5, 0}}, data::MediaFrames{{6, 1}, {6, 2}, {6, 3}}}};
}

/// Binding: the first chunk has no target.
data::Sequence binding() {
  return {.ids = {1, 9, 40, 9, 40, 2},
          .phi = {0, 1, 1, 2, 2, 2},
          .label = {0, 0, 0, 0, 1, 1},
          .media = {data::MediaFrames{{7, 1}}, data::MediaFrames{{7, 2}}},
          .binding = true};
}

TEST(Collate, PadsAndShiftsTargets) {
  const auto batch = collate(std::vector{pair_and_clip(), binding()});
  EXPECT_EQ(batch.ids.sizes(), (Ids{2, 6}));
  EXPECT_EQ(ids_of(batch.ids), (Ids{1, 9, 20, 2, 9, 30, 1, 9, 40, 9, 40, 0}));
  EXPECT_EQ(ids_of(batch.phi), (Ids{0, 1, 1, 1, 2, 2, 0, 1, 1, 2, 2, 0}));
  EXPECT_EQ(ids_of(batch.positions), (Ids{1, 2, 4, 5, 9, 10}));
  EXPECT_EQ(ids_of(batch.targets), (Ids{20, 2, 30, 2, 40, 2}));
  EXPECT_EQ(ids_of(batch.bound), (Ids{0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(batch.num_tokens, 13);
}

TEST(Collate, GroupsMediaByLength) {
  const auto batch = collate(std::vector{pair_and_clip(), binding()});
  ASSERT_EQ(batch.groups.size(), 2u);
  EXPECT_EQ(batch.groups[0].frames, 1);
  EXPECT_EQ(batch.groups[0].views, (std::vector<data::ViewRef>{{5, 0}, {7, 1}, {7, 2}}));
  EXPECT_EQ(batch.groups[1].frames, 3);
  EXPECT_EQ(batch.groups[1].views, (std::vector<data::ViewRef>{{6, 1}, {6, 2}, {6, 3}}));
  EXPECT_EQ(ids_of(batch.media_rows), (Ids{0, 3, 1, 2}));
}

TEST(Collate, MediaOfPixelsAreGroupedAlike) {
  const auto frames = [](int64_t count, double value) {
    return torch::full({count, 3, 2, 2}, value);
  };
  data::Sequence first{.ids = {1, 9, 20, 9, 30},
                       .phi = {0, 1, 1, 2, 2},
                       .label = {0, 0, 1, 0, 1},
                       .media = {frames(1, 5), frames(3, 6)}};
  data::Sequence second{
      .ids = {1, 9, 40}, .phi = {0, 1, 1}, .label = {0, 0, 1}, .media = {frames(1, 7)}};
  const auto batch = collate(std::vector{first, second});
  ASSERT_EQ(batch.groups.size(), 2u);
  EXPECT_EQ(batch.groups[0].frames, 1);
  EXPECT_EQ(ids_of(batch.groups[0].pixels.select(1, 0).select(1, 0).select(1, 0)), (Ids{5, 7}));
  EXPECT_EQ(batch.groups[1].frames, 3);
  EXPECT_EQ(batch.groups[1].pixels.sizes(), (Ids{3, 3, 2, 2}));
  EXPECT_EQ(ids_of(batch.media_rows), (Ids{0, 2, 1, 0}));
  EXPECT_EQ(ids_of(batch.targets), (Ids{20, 30, 40}));
  EXPECT_TRUE(batch.groups[0].views.empty());
}

TEST(Collate, PicturesAndPictogramsStandInOneBatch) {
  data::Sequence page{.ids = {1, 9, 20},
                      .phi = {0, 1, 1},
                      .label = {0, 0, 1},
                      .media = {torch::full({1, 3, 2, 2}, 5.0)},
                      .key = "a.tar:000007"};
  const auto batch = collate(std::vector{binding(), page});
  ASSERT_EQ(batch.groups.size(), 2u);
  EXPECT_EQ(batch.groups[0].views.size(), 2u);
  EXPECT_EQ(batch.groups[1].pixels.sizes(), (Ids{1, 3, 2, 2}));
  EXPECT_EQ(ids_of(batch.media_rows), (Ids{0, 1, 2, 0}));
  EXPECT_EQ(batch.keys, (std::vector<std::string>{"", "a.tar:000007"}));
}

TEST(Collate, ViewsOfDifferentCachesAreGroupedApart) {
  const auto page = [](int64_t number, int64_t store) {
    return data::Sequence{
        .ids = {1, 9, 20},
        .phi = {0, 1, 1},
        .label = {0, 0, 1},
        .media = {data::MediaFrames{{.picture = number, .view = 1, .store = store}}}};
  };
  const auto batch = collate(std::vector{page(4, 2), page(5, 1), page(6, 2)});
  ASSERT_EQ(batch.groups.size(), 2u);
  EXPECT_EQ(batch.groups[0].views,
            (std::vector<data::ViewRef>{{.picture = 5, .view = 1, .store = 1}}));
  EXPECT_EQ(batch.groups[1].views,
            (std::vector<data::ViewRef>{{.picture = 4, .view = 1, .store = 2},
                                        {.picture = 6, .view = 1, .store = 2}}));
  EXPECT_EQ(ids_of(batch.media_rows), (Ids{1, 0, 2}));
}

TEST(Collate, RefusesWhatCannotBeTrainedOn) {
  EXPECT_THROW(collate(std::vector<data::Sequence>{}), Error);
  data::Sequence uneven = binding();
  uneven.phi.pop_back();
  EXPECT_THROW(collate(std::vector{uneven}), Error);
  data::Sequence unlabelled = binding();
  unlabelled.label.assign(unlabelled.label.size(), 0);
  EXPECT_THROW(collate(std::vector{unlabelled}), Error);
}

}  // namespace
}  // namespace flamingo::train
