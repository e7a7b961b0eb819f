#include "flamingo/corpus/document_stats.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/document/unusable.h"
#include "tests/corpus/tiny_site.h"
#include "tests/media/clip_builder.h"

namespace flamingo::corpus {
namespace {

/// Four documents: a good one, one that cannot be read, one whose picture cannot be decoded, one
/// without anything to learn from.
class Shelf : public document::DocumentFile {
 public:
  int64_t size() const override { return 4; }
  std::string key(int64_t index) const override { return "key" + std::to_string(index); }
  document::Document read(int64_t index) const override {
    if (index == 1) fail("shelf", "expected a good document, got damage");
    document::require_usable(index != 3, "shelf", "expected a picture, got none");
    document::Document document;
    document.media = {{.bytes = testing::random_picture(1), .format = "png"}};
    if (index == 2) document.media[0].bytes.resize(100);
    document.parts = {document::Part::of_media_item(0),
                      document::Part::of_text("three more words")};
    return document;
  }
};

TEST(DocumentStats, CountsAndNamesProblems) {
  DocumentStats stats;
  int64_t done = 0;
  read_all(Shelf(), {.on_document = [&] { ++done; }}, stats);
  EXPECT_EQ(done, 4);
  EXPECT_EQ(stats.documents, 2);
  EXPECT_EQ(stats.media, 2);
  EXPECT_EQ(stats.words, 6);
  EXPECT_EQ(stats.formats.at("png"), 2);
  EXPECT_EQ(stats.media_per_document.at(1), 2);
  ASSERT_EQ(stats.num_problems(), 2);
  EXPECT_EQ(stats.num_damaged, 1);
  EXPECT_EQ(stats.num_unusable, 1);
  EXPECT_NE(stats.problems[0].find("damage"), std::string::npos);
  EXPECT_EQ(stats.to_json()["documents"], 2);
  EXPECT_EQ(stats.to_json()["num_unusable"], 1);
  EXPECT_NE(stats.table().find("(1.00 a document; 0 clips)"), std::string::npos) << stats.table();
}

TEST(DocumentStats, DecodingFindsBrokenPictures) {
  DocumentStats stats;
  read_all(Shelf(), {.decode = true}, stats);
  EXPECT_EQ(stats.documents, 1);
  ASSERT_EQ(stats.num_damaged, 2);
  EXPECT_NE(stats.problems[1].find("key2"), std::string::npos) << stats.problems[1];
}

/// A sound clip, one with noise in it and one that is cut off.
class Reel : public document::DocumentFile {
 public:
  int64_t size() const override { return 3; }
  std::string key(int64_t index) const override { return "key" + std::to_string(index); }
  document::Document read(int64_t index) const override {
    document::Document document;
    std::string bytes = media::clip_of({.format = "matroska", .frames = 40, .damage = [&](int i) {
                                          return index == 1 && i == 15;
                                        }});
    if (index == 2) bytes.resize(bytes.size() / 2);
    document.media = {{.kind = document::MediaKind::kVideo, .bytes = bytes, .format = "mkv"}};
    document.parts = {document::Part::of_media_item(0),
                      document::Part::of_text("three more words")};
    return document;
  }
};

TEST(DocumentStats, DecodingCountsDamagedFrames) {
  DocumentStats stats;
  read_all(Reel(), {.decode = true}, stats);
  EXPECT_EQ(stats.documents, 3) << "what is left of a clip is of use";
  EXPECT_EQ(stats.num_problems(), 0);
  EXPECT_EQ(stats.damaged_clips, 2);
  EXPECT_GE(stats.damaged_frames, 1);
  EXPECT_EQ(stats.partial_clips, 0);
  ASSERT_EQ(stats.damage.size(), 2u);
  EXPECT_EQ(stats.damage[0].find("key1: " + std::to_string(stats.damaged_frames) + " damaged"), 0u)
      << stats.damage[0];
  EXPECT_NE(stats.damage[1].find("key2: "), std::string::npos);
  EXPECT_NE(stats.damage[1].find("cut off"), std::string::npos) << stats.damage[1];
  EXPECT_EQ(stats.to_json()["damaged_clips"], 2);
}

TEST(DocumentStats, LongClipsAreCheckedInPart) {
  DocumentStats stats;
  const media::MediaLimits limits{.image = {},
                                  .video = {.max_decoded = 10 * media::VideoLimits::kLeastPixels}};
  read_all(Reel(), {.decode = true, .limits = limits}, stats);
  EXPECT_EQ(stats.documents, 3);
  EXPECT_EQ(stats.partial_clips, 3);
}

TEST(DocumentStats, StopsWhenAsked) {
  DocumentStats stats;
  const std::atomic<bool> stop{true};
  read_all(Shelf(), {.stop = &stop}, stats);
  EXPECT_EQ(stats.documents + stats.num_problems(), 0);
}

TEST(DocumentStats, KeepsTheFirstProblemsOnly) {
  DocumentStats stats;
  for (int i = 0; i < 150; ++i) stats.add_problem(std::to_string(i), i % 2 == 0);
  EXPECT_EQ(stats.problems.size(), 100u);
  EXPECT_EQ(stats.num_problems(), 150);
}

}  // namespace
}  // namespace flamingo::corpus
