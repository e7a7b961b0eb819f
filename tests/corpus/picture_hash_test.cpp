#include "flamingo/corpus/picture_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/media/resize.h"
#include "tests/corpus/picture_testing.h"
#include "tests/io/byte_builder.h"

namespace flamingo::corpus {
namespace {

using testing::encode_jpeg;
using testing::flat;
using testing::scene;

media::Image recompress(const media::Image& rgb, int quality) {
  const std::string bytes = encode_jpeg(rgb, quality);
  return media::decode_image(testing::as_bytes(bytes), "jpeg");
}

std::vector<media::Image> photographs() {
  std::vector<media::Image> pictures;
  for (const char* name : {"photo.jpg", "rgb.png", "lossy.webp", "wide.png", "tall.jpg"}) {
    pictures.push_back(media::convert_to_rgb(
        media::load_image(testing::golden("preprocessing/images/" + std::string(name)))));
  }
  for (uint64_t seed = 0; seed < 20; ++seed) pictures.push_back(scene(150, 200, seed));
  return pictures;
}

TEST(PictureHash, SurvivesRecompressionAndResizing) {
  int largest = 0;
  for (const media::Image& picture : photographs()) {
    const uint64_t hash = picture_hash(picture);
    for (const int quality : {30, 50, 75, 90}) {
      largest = std::max(largest, hash_distance(hash, picture_hash(recompress(picture, quality))));
    }
    for (const double scale : {0.5, 0.75, 1.7}) {
      const auto height = static_cast<int64_t>(static_cast<double>(picture.height) * scale);
      const auto width = static_cast<int64_t>(static_cast<double>(picture.width) * scale);
      const media::Image scaled =
          media::resize(picture, std::max<int64_t>(height, 32), std::max<int64_t>(width, 32));
      largest = std::max(largest, hash_distance(hash, picture_hash(scaled)));
    }
  }
  RecordProperty("largest", largest);
  EXPECT_LE(largest, 4);
}

TEST(PictureHash, DifferentPicturesDiffer) {
  std::vector<uint64_t> hashes;
  for (const media::Image& picture : photographs()) hashes.push_back(picture_hash(picture));
  for (uint64_t seed = 100; seed < 400; ++seed) hashes.push_back(picture_hash(scene(40, 50, seed)));
  int smallest = 64;
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t j = 0; j < i; ++j)
      smallest = std::min(smallest, hash_distance(hashes[i], hashes[j]));
  }
  RecordProperty("smallest", smallest);
  EXPECT_GE(smallest, 9);
}

TEST(PictureHash, MirroredPicturesDiffer) {
  const media::Image picture = scene(90, 120, 7);
  media::Image mirrored = picture;
  for (int64_t i = 0; i < 90 * 120; ++i) {
    const int64_t from = i / 120 * 120 + 119 - i % 120;
    std::copy_n(picture.pixels.data() + 3 * from, 3, mirrored.pixels.data() + 3 * i);
  }
  EXPECT_GE(hash_distance(picture_hash(picture), picture_hash(mirrored)), 16);
}

TEST(PictureHash, OneGreyHasNone) {
  EXPECT_EQ(picture_hash(flat(70, 80, 200)), 0u);
  EXPECT_NE(picture_hash(scene(70, 80, 1)), 0u);
  media::Image grey{8, 8, media::PixelMode::kGrey, std::vector<uint8_t>(64), {}, {}};
  EXPECT_THROW(picture_hash(grey), Error);
}

}  // namespace
}  // namespace flamingo::corpus
