#include "flamingo/data/document_captions.h"

#include <gtest/gtest.h>

#include <set>

#include "flamingo/core/error.h"
#include "tests/data/broken_picture.h"
#include "tests/data/tiny_shards.h"

namespace flamingo::data {
namespace {

const media::TransformConfig kCaptionTransform{.size = 16};

class DocumentCaptionsTest : public ::testing::Test {
 protected:
  DocumentCaptionsTest() {
    testing::write_pair_shard(folder_.file("pairs.tar"), testing::tiny_pictures(folder_, 8, 0), 0,
                              10);
  }
  DocumentSourceConfig config() const { return {.files = {folder_.file("pairs.tar")}, .batch = 5}; }
  testing::TemporaryFolder folder_;
};

TEST_F(DocumentCaptionsTest, AnEpochShowsEveryPairOnceWithItsCaption) {
  const DocumentCaptions source(config(), kCaptionTransform);
  std::multiset<std::string> captions, written;
  for (int64_t index = 0; index < 2; ++index) {
    const CaptionedBatch batch = source.batch(index);
    EXPECT_EQ(batch.pixels.sizes(), (std::vector<int64_t>{5, 3, 16, 16}));
    captions.insert(batch.captions.begin(), batch.captions.end());
  }
  const document::TarDocuments file(folder_.file("pairs.tar"));
  for (int64_t i = 0; i < file.size(); ++i) written.insert(file.read(i).parts[1].text);
  EXPECT_EQ(captions, written);
}

TEST_F(DocumentCaptionsTest, EqualCaptionsAreOneConcept) {
  const DocumentCaptions source(config(), kCaptionTransform);
  std::map<std::string, int64_t> concepts;
  for (int64_t index = 0; index < 6; ++index) {
    const CaptionedBatch batch = source.batch(index);
    for (size_t i = 0; i < batch.captions.size(); ++i) {
      EXPECT_EQ(concepts.try_emplace(batch.captions[i], batch.concepts[i]).first->second,
                batch.concepts[i]);
    }
  }
  std::set<int64_t> different;
  for (const auto& [caption, id] : concepts) different.insert(id);
  EXPECT_EQ(different.size(), concepts.size());
}

TEST_F(DocumentCaptionsTest, SharesAreTheRowsOfTheWholeBatch) {
  const DocumentCaptions source(config(), kCaptionTransform);
  const CaptionedBatch whole = source.batch(1);
  const CaptionedBatch share = source.batch(1, {.rank = 1, .of = 2});
  EXPECT_TRUE(share.pixels.equal(whole.pixels.slice(0, 2)));
}

TEST_F(DocumentCaptionsTest, OfAPageAPictureHasItsAltTextOrWhatFollowsIt) {
  const media::Image image{.height = 8, .width = 8, .pixels = std::vector<uint8_t>(3 * 8 * 8, 90)};
  document::Document page{
      .parts = {document::Part::of_text("before"), document::Part::of_media_item(0),
                document::Part::of_text(" after \n"), document::Part::of_media_item(1)}};
  page.media = {{.bytes = media::encode_png(image), .format = "png"},
                {.alt = " a grey square", .bytes = media::encode_png(image), .format = "png"}};
  document::ShardWriter writer(folder_.file("pages.tar"));
  writer.add("0", page);
  writer.finish();
  auto pages = config();
  pages.files = {folder_.file("pages.tar")};
  const DocumentCaptions source(pages, kCaptionTransform);
  std::set<std::string> captions;
  for (int64_t index = 0; index < 5; ++index) {
    for (const std::string& caption : source.batch(index).captions) captions.insert(caption);
  }
  EXPECT_EQ(captions, (std::set<std::string>{"after", "a grey square"}));
}

TEST_F(DocumentCaptionsTest, DamagedPicturesAreSkippedAndNamed) {
  testing::break_picture(folder_.file("pairs.tar"), 4);
  const DocumentCaptions source(config(), kCaptionTransform);
  std::vector<std::string> damaged;
  for (int64_t index = 0; index < 2; ++index) {
    const CaptionedBatch batch = source.batch(index);
    EXPECT_EQ(batch.captions.size(), 5u);
    damaged.insert(damaged.end(), batch.damaged.begin(), batch.damaged.end());
  }
  ASSERT_GE(damaged.size(), 1u);
  EXPECT_NE(damaged[0].find("pairs.tar:4"), std::string::npos) << damaged[0];
}

}  // namespace
}  // namespace flamingo::data
