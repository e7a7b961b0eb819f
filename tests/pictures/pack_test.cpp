#include "flamingo/pictures/pack.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/pictures/open_pictures.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::pictures {
namespace {

TEST(PackPictures, KeepsLabelsAndFitsPicturesIntoSquares) {
  const testing::TemporaryFolder folder;
  make_folder(folder.file("set/cat"));
  media::Image wide{.height = 20, .width = 40};
  wide.pixels.assign(20 * 40 * 3, 7);
  write_file_atomic(folder.file("set/cat/1.png"), media::encode_png(wide));
  write_file_atomic(folder.file("set/cat/2.png"), "damaged");
  int64_t last = 0;
  const auto damaged = pack_pictures(open_pictures(folder.file("set")), 16, folder.file("p"),
                                     [&](int64_t done, int64_t total) {
                                       EXPECT_EQ(total, 2);
                                       last = done;
                                     });
  EXPECT_EQ(last, 2);
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_NE(damaged[0].find("2.png"), std::string::npos);
  const LabelledPictures packed = open_packed(folder.file("p"));
  ASSERT_EQ(packed.pictures().size(), 1u);
  EXPECT_EQ(packed.class_of(0).name, "cat");
  const media::Image image = packed.image(0);
  EXPECT_EQ(image.width, 16);
  EXPECT_EQ(image.pixels[4 * (16 * 3 + 8) + 3], 0) << "a margin of 4 pixels above";
  EXPECT_EQ(image.pixels[4 * (16 * 4 + 8)], 7);
}

TEST(PackPictures, WritesAShardThatJoinsOtherSetsByName) {
  const testing::TemporaryFolder folder;
  make_folder(folder.file("photos/thing1"));
  media::Image wide{.height = 20, .width = 40};
  wide.pixels.assign(20 * 40 * 3, 7);
  write_file_atomic(folder.file("photos/thing1/1.png"), media::encode_png(wide));
  make_folder(folder.file("set"));
  pack_pictures(testing::tiny_pictures(folder, 2, 0), 40, folder.file("set/drawings.tar"));
  pack_pictures(open_pictures(folder.file("photos")), 16, folder.file("set/photos.tar"));
  const LabelledPictures set = open_pictures(folder.file("set"));
  ASSERT_EQ(set.classes().size(), 2u) << "the photo is of a class of the drawings";
  EXPECT_EQ(set.classes()[1].key, "1");
  EXPECT_EQ(set.pictures_of(1).size(), 3u);
  const media::Image photo = set.image(set.pictures_of(1).back());
  EXPECT_EQ(photo.mode, media::PixelMode::kRgb);
  EXPECT_EQ(photo.width, 16);
  EXPECT_EQ(photo.height, 8);
}

/// Pictures that nobody may read.
class NoPixels : public PixelSource {
 public:
  media::Image read(int64_t) const override { throw std::logic_error("read"); }
  std::string name(int64_t) const override { return "none"; }
  std::string hash() const override { return ""; }
};

TEST(PackPictures, RefusesMoreThanTheMachineHasBeforeItReads) {
  const testing::TemporaryFolder folder;
  PictureTable table{.classes = {{.key = "cat", .name = "cat"}}, .pictures = {}};
  table.pictures.resize(1 << 22);  // 16 TiB
  const LabelledPictures set(std::move(table), std::make_shared<NoPixels>(), "set");
  EXPECT_THROW(pack_pictures(set, 1024, folder.file("p"), {}), Error);
}

TEST(PackPictures, RefusesSidesOutOfRange) {
  const testing::TemporaryFolder folder;
  const LabelledPictures set = testing::tiny_pictures(folder, 2, 0);
  EXPECT_THROW(pack_pictures(set, 4, folder.file("p")), Error);
  EXPECT_THROW(pack_pictures(set, 5000, folder.file("p")), Error);
}

}  // namespace
}  // namespace flamingo::pictures
