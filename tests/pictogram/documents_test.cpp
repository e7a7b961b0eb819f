#include "flamingo/pictogram/documents.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <span>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/document/document_file.h"
#include "flamingo/media/video.h"
#include "tests/core/temporary_folder.h"
#include "tests/pictures/tiny_pictures.h"

namespace flamingo::pictogram {
namespace {

using testing::TemporaryFolder;

std::span<const std::byte> bytes_of(const document::MediaItem& media_item) {
  return std::as_bytes(std::span(media_item.bytes));
}

TEST(PictogramDocuments, APairIsThePictureAndItsWords) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = testing::tiny_pictures(folder, 8, 0);
  const int64_t drawing = set.pictures_in("train").at(2);
  const std::string number = std::to_string(set.pictures()[drawing].class_index);
  std::set<std::string> captions;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const document::Document pair = pictogram_pair(set, drawing, {}, rng);
    ASSERT_EQ(pair.parts.size(), 2u);
    EXPECT_EQ(pair.parts[0].media_item, 0);
    EXPECT_NE(pair.parts[1].text.find(number), std::string::npos) << pair.parts[1].text;
    captions.insert(pair.parts[1].text);
    const media::Image decoded = media::decode_image(bytes_of(pair.media[0]), "pair");
    EXPECT_EQ(decoded.pixels, set.image(drawing).pixels);
  }
  EXPECT_GT(captions.size(), 2u) << "names, tags and both";
}

TEST(PictogramDocuments, AClipMovesAsItsCaptionSays) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = testing::tiny_pictures(folder, 8, 0);
  std::set<std::string> captions;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    const document::Document clip = pictogram_clip(set, 0, 64, rng);
    EXPECT_EQ(clip.media[0].width, 64);
    const std::string& caption = clip.parts[1].text;
    captions.insert(caption);
    EXPECT_TRUE(caption.starts_with("thing0 ")) << caption;
    const media::VideoClip decoded =
        media::decode_video(bytes_of(clip.media[0]), "clip", {.fps = 1});
    ASSERT_EQ(decoded.frames.size(), 8u);
    EXPECT_EQ(clip.media[0].width, decoded.frames[0].image.width);
    EXPECT_NE(decoded.frames.front().image.pixels, decoded.frames.back().image.pixels) << caption;
  }
  EXPECT_GT(captions.size(), 4u);
}

TEST(PictogramDocuments, ShardsThatWereLostComeBackEqual) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = testing::tiny_pictures(folder, 8, 0);
  const std::string output = folder.file("pairs");
  const PairShardsConfig config{.documents = 50, .documents_per_shard = 20};
  int64_t last = 0;
  write_pair_shards(set, output, config, [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 50);
    last = done;
  });
  EXPECT_EQ(last, 50);
  EXPECT_EQ(document::open_documents(output + "/000001.tar")->size(), 20);
  EXPECT_EQ(document::open_documents(output + "/000002.tar")->size(), 10);
  const std::string before = read_file(output + "/000001.tar", 1 << 24);
  std::filesystem::remove(output + "/000001.tar");
  int64_t made = 0;
  write_pair_shards(set, output, config, [&](int64_t, int64_t) { ++made; });
  EXPECT_EQ(made, 20) << "the other shards are left alone";
  EXPECT_EQ(read_file(output + "/000001.tar", 1 << 24), before);
}

TEST(PictogramDocuments, EveryDrawingComesOnceARound) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = testing::tiny_pictures(folder, 8, 4);
  const auto drawings = std::ssize(set.pictures_in("train"));
  write_pair_shards(set, folder.file("pairs"), {.documents = 2 * drawings}, {});
  const auto file = document::open_documents(folder.file("pairs") + "/000000.tar");
  std::multiset<std::string> first, second;
  for (int64_t i = 0; i < file->size(); ++i) {
    (i < drawings ? first : second).insert(file->read(i).media[0].sha256);
  }
  EXPECT_EQ(first, second);
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), first.size());
}

TEST(PictogramDocuments, RefusesSizesOutOfRange) {
  const TemporaryFolder folder;
  const pictures::LabelledPictures set = testing::tiny_pictures(folder, 4, 0);
  EXPECT_THROW(write_pair_shards(set, folder.file("x"), {.documents = -1}, {}), Error);
  EXPECT_THROW(write_pair_shards(set, folder.file("x"), {.documents_per_shard = 0}, {}), Error);
}

}  // namespace
}  // namespace flamingo::pictogram
