#include "flamingo/data/views.h"

#include <gtest/gtest.h>

#include "flamingo/pictures/square_picture.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::data {
namespace {

const media::TransformConfig kViewTransform{
    .size = 16, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}};

using testing::TemporaryFolder;
using testing::tiny_pictures;

TEST(ViewRenderer, ViewsDependOnSeedDrawingAndNumberOnly) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = tiny_pictures(folder, 4, 2);
  ViewRenderer renderer(set, {}, kViewTransform, 3);
  const std::vector<ViewRef> forward = {{0, 0}, {0, 1}, {5, 2}};
  const std::vector<ViewRef> backward = {{5, 2}, {0, 1}, {0, 0}};
  const at::Tensor first = renderer.render(forward);
  ASSERT_EQ(first.sizes(), (std::vector<int64_t>{3, 3, 16, 16}));
  EXPECT_TRUE(first.flip({0}).equal(ViewRenderer(set, {}, kViewTransform, 3).render(backward)));
  const at::Tensor other = ViewRenderer(set, {}, kViewTransform, 4).render(forward);
  EXPECT_TRUE(first[0].equal(other[0]));
  EXPECT_FALSE(first[1].equal(other[1]));
}

TEST(ViewRenderer, ViewZeroIsClean) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = tiny_pictures(folder, 4, 0);
  ViewRenderer renderer(set, {}, kViewTransform, 3);
  std::vector<float> expected(3 * 16 * 16);
  pictures::Augmenter({}, kViewTransform)
      .clean(pictures::square_picture(set.image(4), kViewTransform), expected);
  const at::Tensor view = renderer.render(std::vector<ViewRef>{{4, 0}});
  EXPECT_TRUE(view.flatten().equal(at::tensor(expected)));
}

TEST(ViewRenderer, RefusesUnknownDrawings) {
  const TemporaryFolder folder;
  ViewRenderer renderer(tiny_pictures(folder, 4, 0), {}, kViewTransform, 3);
  EXPECT_THROW(renderer.render(std::vector<ViewRef>{{1000, 0}}), Error);
  EXPECT_THROW(renderer.render(std::vector<ViewRef>{{-1, 1}}), Error);
}

}  // namespace
}  // namespace flamingo::data
