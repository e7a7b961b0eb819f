#include "flamingo/corpus/picture_overlap.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "flamingo/pictures/open_pictures.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::corpus {
namespace {

/// Blocks of random greys, the same for one seed; `brighter` lifts all of them.
std::string blocks(uint64_t seed, int brighter = 0) {
  constexpr int64_t kSide = 64, kBlock = 8;
  Rng rng(seed);
  std::vector<int> greys;
  for (int64_t i = 0; i < (kSide / kBlock) * (kSide / kBlock); ++i)
    greys.push_back(static_cast<int>(rng.below(200)) + brighter);
  media::Image image{.height = kSide, .width = kSide};
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      const auto block = static_cast<size_t>(y / kBlock * (kSide / kBlock) + x / kBlock);
      image.pixels.insert(image.pixels.end(), 3, static_cast<uint8_t>(greys[block]));
    }
  }
  return media::encode_png(image);
}

TEST(PictureOverlaps, AreNearTheSameAndInAnotherSplit) {
  const testing::TemporaryFolder folder;
  const auto write = [&](const std::string& place, const std::string& png) {
    make_folder(folder.file("set/" + place.substr(0, place.rfind('/'))));
    write_file_atomic(folder.file("set/" + place), png);
  };
  write("train/cup/a.png", blocks(1));
  write("train/cup/twin.png", blocks(1));
  write("train/hat/b.png", blocks(2));
  write("test/cup/brighter.png", blocks(2, 30));
  write("test/hat/other.png", blocks(3));
  write("test/hat/damaged.png", "no picture");
  const auto set = pictures::open_pictures(folder.file("set"));
  int64_t read = 0;
  const auto overlaps =
      picture_overlaps(set, "train", 6, [&](int64_t done, int64_t) { read = done; });
  ASSERT_EQ(overlaps.size(), 1u);
  EXPECT_NE(set.name(overlaps[0].picture).find("brighter.png"), std::string::npos);
  EXPECT_NE(set.name(overlaps[0].like).find("b.png"), std::string::npos);
  EXPECT_LE(overlaps[0].distance, 6);
  EXPECT_EQ(read, 6);
  EXPECT_EQ(picture_overlaps(set, "test", 6).size(), 1u) << "from the other side";
  EXPECT_THROW(picture_overlaps(set, "valid", 6), Error);
  EXPECT_THROW(picture_overlaps(set, "train", 65), Error);
}

}  // namespace
}  // namespace flamingo::corpus
