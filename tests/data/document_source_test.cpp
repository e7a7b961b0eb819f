#include "flamingo/data/document_source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/data/document_list.h"
#include "flamingo/media/video.h"
#include "tests/data/broken_picture.h"
#include "tests/data/tiny_shards.h"
#include "tests/media/clip_builder.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::data {
namespace {

using testing::TemporaryFolder;

constexpr int64_t kSide = 24;

class DocumentSourceTest : public ::testing::Test {
 protected:
  DocumentSourceTest() {
    std::filesystem::create_directory(folder_.file("shards"));
    testing::write_pair_shard(folder_.file("shards/a.tar"), set_, 0, 5);
    testing::write_pair_shard(folder_.file("shards/b.tar"), set_, 5, 7);
  }
  DocumentSourceConfig config() const {
    DocumentSourceConfig config{.files = {folder_.file("shards")}, .batch = 4};
    config.window = {.max_tokens = 32, .max_media = 1, .p_next = 0};
    return config;
  }
  SequenceFormat format() const {
    SequenceFormat format{
        .tokenizer =
            testing::golden_tokenizer("gpt2").with_special_token("<EOC>").with_special_token(
                "<image>")};
    format.transform.size = kSide;
    return format;
  }
  DocumentSource source() const { return {config(), format()}; }

  static const torch::Tensor& pixels(const Sequence& sequence) {
    return std::get<torch::Tensor>(sequence.media.at(0));
  }
  /// A source of one document with this clip.
  DocumentSourceConfig of_clip(std::string bytes) const {
    document::Document clip{
        .parts = {document::Part::of_media_item(0), document::Part::of_text("it brightens")}};
    clip.media.push_back(
        {.kind = document::MediaKind::kVideo, .bytes = std::move(bytes), .format = "mp4"});
    document::ShardWriter writer(folder_.file("clips.tar"));
    writer.add("0", clip);
    writer.finish();
    auto clips = config();
    clips.files = {folder_.file("clips.tar")};
    clips.variation.colour = 0;
    return clips;
  }
  /// Replaces bytes in the middle of a document's picture.
  void damage(const std::string& shard, const std::string& key) const {
    std::string bytes = read_file(folder_.file(shard), 1 << 24);
    const size_t member = bytes.find(key + ".0.");
    ASSERT_NE(member, std::string::npos);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(member) + 512 + 40, 64, 'x');
    write_file_atomic(folder_.file(shard), bytes);
  }

  TemporaryFolder folder_;
  pictures::LabelledPictures set_ = testing::tiny_pictures(folder_, 12, 0);
};

TEST_F(DocumentSourceTest, AnEpochShowsEveryDocumentOnceInAnOrderOfItsOwn) {
  const DocumentSource documents = source();
  ASSERT_EQ(documents.num_documents(), 12);
  std::vector<std::vector<std::string>> epochs(2);
  for (int64_t i = 0; i < 6; ++i) {
    for (const Sequence& sequence : documents.batch(i).sequences)
      epochs[static_cast<size_t>(i / 3)].push_back(sequence.key);
  }
  for (const auto& epoch : epochs) {
    EXPECT_EQ(std::set(epoch.begin(), epoch.end()).size(), 12u);
  }
  EXPECT_NE(epochs[0], epochs[1]);
}

TEST_F(DocumentSourceTest, ABatchDependsOnItsIndexOnly) {
  const DocumentSource first = source(), second = source();
  first.batch(0);
  const auto a = first.batch(5), b = second.batch(5);
  for (size_t i = 0; i < a.sequences.size(); ++i) {
    EXPECT_EQ(a.sequences[i].ids, b.sequences[i].ids);
    EXPECT_EQ(a.sequences[i].key, b.sequences[i].key);
    EXPECT_TRUE(pixels(a.sequences[i]).equal(pixels(b.sequences[i])));
  }
}

TEST_F(DocumentSourceTest, RanksTakeTheirPartsOfABatch) {
  const DocumentSource documents = source();
  std::vector<std::string> all, parts;
  for (const auto& sequence : documents.batch(1).sequences) all.push_back(sequence.key);
  for (int64_t rank = 0; rank < 3; ++rank) {
    for (const auto& sequence : documents.batch(1, {rank, 3}).sequences)
      parts.push_back(sequence.key);
  }
  EXPECT_EQ(parts, all);
}

TEST_F(DocumentSourceTest, ASequenceIsTheMarkedCaptionAndThePreparedPicture) {
  const DocumentSource documents = source();
  std::vector<std::string> damaged;
  const Sequence sequence = documents.sequence(0, damaged);
  EXPECT_TRUE(damaged.empty());
  EXPECT_EQ(sequence.ids.size(), sequence.phi.size());
  EXPECT_EQ(std::ranges::count(sequence.phi, 1), std::ssize(sequence.ids) - 1);  // all but BOS
  EXPECT_EQ(pixels(sequence).sizes(), (std::vector<int64_t>{1, 3, kSide, kSide}));
  EXPECT_GT(pixels(sequence).std().item<double>(), 0.05);
}

TEST_F(DocumentSourceTest, PicturesVaryWithinTheConfigsBounds) {
  media::Image image{.height = 16, .width = 16, .pixels = std::vector<uint8_t>(3 * 16 * 16)};
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(15 * (i / 3 % 16));  // brighter to the right
  document::Document page{
      .parts = {document::Part::of_media_item(0), document::Part::of_text("a ramp")}};
  page.media.push_back({.bytes = media::encode_png(image), .format = "png"});
  document::ShardWriter writer(folder_.file("ramp.tar"));
  writer.add("0", page);
  writer.finish();
  auto plain = config();
  plain.files = {folder_.file("ramp.tar")};
  plain.variation.flip = plain.variation.colour = 0;
  auto flipped = plain;
  flipped.variation.flip = 1;
  std::vector<std::string> damaged;
  const auto a = DocumentSource(plain, format()).sequence(3, damaged);
  const auto b = DocumentSource(flipped, format()).sequence(3, damaged);
  EXPECT_FALSE(pixels(a).equal(pixels(b)));
  EXPECT_LT((pixels(a) - pixels(b).flip(3)).abs().mean().item<double>(), 0.02);
}

TEST_F(DocumentSourceTest, ADamagedSampleIsPassedOverAndNamed) {
  damage("shards/b.tar", "7");
  const DocumentSource documents = source();
  std::vector<std::string> damaged;
  std::set<std::string> keys;
  for (int64_t i = 0; i < 12; ++i) keys.insert(documents.sequence(i, damaged).key);
  ASSERT_GE(damaged.size(), 1u);
  for (const std::string& text : damaged)
    EXPECT_NE(text.find("b.tar:7"), std::string::npos) << text;
  EXPECT_FALSE(keys.contains(folder_.file("shards/b.tar") + ":7"));
}

TEST_F(DocumentSourceTest, OddFilesAreNamedInWarnings) {
  EXPECT_TRUE(source().warnings().empty());
  const std::string path = folder_.file("shards/b.tar");
  std::string bytes = read_file(path, 1 << 24);
  while (bytes.ends_with(std::string(512, '\0'))) bytes.resize(bytes.size() - 512);
  write_file_atomic(path, bytes);
  const auto warnings = source().warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].find(path + ": the archive has no end mark"), 0u) << warnings[0];
}

TEST_F(DocumentSourceTest, NothingButDamagedSamplesIsAnError) {
  for (int i = 0; i < 5; ++i) damage("shards/a.tar", std::to_string(i));
  auto only = config();
  only.files = {folder_.file("shards/a.tar")};
  std::vector<std::string> damaged;
  EXPECT_THROW(DocumentSource(only, format()).sequence(0, damaged), Error);
  EXPECT_EQ(std::ssize(damaged), DocumentList::kMaxDamaged);
}

TEST_F(DocumentSourceTest, LongClipsGiveARandomRunOfFrames) {
  std::vector<media::Image> frames(
      12, media::Image{.height = 16, .width = 16, .pixels = std::vector<uint8_t>(3 * 16 * 16)});
  for (size_t f = 0; f < frames.size(); ++f)
    std::ranges::fill(frames[f].pixels, static_cast<uint8_t>(20 * f));
  const DocumentSource documents(of_clip(media::encode_video(frames, 1)), format());
  std::set<int> starts;
  std::vector<std::string> damaged;
  for (int64_t i = 0; i < 20; ++i) {
    const auto media_item = pixels(documents.sequence(i, damaged));
    ASSERT_EQ(media_item.size(0), 8);
    const auto levels = media_item.mean({1, 2, 3});
    EXPECT_TRUE((levels.slice(0, 1) > levels.slice(0, 0, 7)).all().item<bool>());
    starts.insert(static_cast<int>(std::lround(levels[0].item<double>() * 10)));
  }
  EXPECT_EQ(starts.size(), 5u);  // 12 frames hold 5 runs of 8
  EXPECT_TRUE(damaged.empty());
}

constexpr auto kOneASecond = [](int i) { return int64_t{25} * i; };

/// No clip is bad for being long: 300 seconds are more moments than a clip may show at once, and of
/// their frames no more may be decoded than a run and the two ends need.
TEST_F(DocumentSourceTest, OfALongClipTheRunAloneIsDecoded) {
  auto clips = of_clip(media::clip_of({.frames = 300, .gop = 10, .ticks = kOneASecond}));
  clips.limits.video.max_decoded = 60 * media::VideoLimits::kLeastPixels;
  const DocumentSource documents(clips, format());
  std::vector<std::string> damaged;
  for (int64_t i = 0; i < 10; ++i) {
    const Sequence sequence = documents.sequence(i, damaged);
    EXPECT_EQ(pixels(sequence).size(0), 8);
    EXPECT_EQ(sequence.frames_bad, 0);
  }
  EXPECT_TRUE(damaged.empty());
}

TEST_F(DocumentSourceTest, DamagedFramesOfAClipAreCounted) {
  const auto every_tenth = [](int i) { return i % 10 == 5; };
  const DocumentSource documents(
      of_clip(media::clip_of({.frames = 40, .ticks = kOneASecond, .damage = every_tenth})),
      format());
  std::vector<std::string> damaged;
  for (int64_t i = 0; i < 5; ++i) EXPECT_GE(documents.sequence(i, damaged).frames_bad, 1) << i;
  EXPECT_TRUE(damaged.empty());
}

/// A source that shows all pictures but those of `damaged` numbers by reference.
void use_all(DocumentSource& documents, const std::set<int64_t>& damaged = {}) {
  documents.use_views({.number = 3, .has = [damaged](const ViewRef& view) {
                         return !damaged.contains(view.picture);
                       }});
}

TEST_F(DocumentSourceTest, CachedViewsLeaveOrderAndWindowsAsTheyAre) {
  testing::break_picture(folder_.file("shards/b.tar"), 2);  // document 7
  auto plain = config();
  plain.window.max_tokens = 6;  // captions are longer
  auto cached = plain;
  cached.cached_views = 2;
  const DocumentSource without(plain, format());
  DocumentSource with(cached, format());
  EXPECT_EQ(with.views().pictures.size(), 12u);
  use_all(with, {7});
  std::set<int64_t> views, numbers;
  std::vector<std::string> expected, damaged;
  for (int64_t i = 0; i < 240; ++i) {
    const auto a = without.sequence(i, expected), b = with.sequence(i, damaged);
    EXPECT_EQ(a.ids, b.ids);
    EXPECT_EQ(a.phi, b.phi);
    EXPECT_EQ(a.label, b.label);
    EXPECT_EQ(a.key, b.key);
    ASSERT_EQ(a.media.size(), b.media.size());
    for (const SequenceMediaItem& media_item : b.media) {
      ASSERT_EQ(views_of(media_item).size(), 1u);
      const ViewRef& view = views_of(media_item)[0];
      EXPECT_EQ(view.store, 3);
      EXPECT_TRUE(b.key.ends_with(":" + std::to_string(view.picture))) << b.key;
      views.insert(view.view);
      numbers.insert(view.picture);
    }
  }
  EXPECT_EQ(damaged, expected);
  EXPECT_GE(damaged.size(), 1u);
  EXPECT_EQ(views, (std::set<int64_t>{0, 1}));
  EXPECT_EQ(numbers.size(), 11u);
}

TEST_F(DocumentSourceTest, ViewsAreFixedVariationsOfAPicture) {
  auto cached = config();
  cached.cached_views = 3;
  const DocumentSource first(cached, format()), second(cached, format());
  std::vector<std::string> damaged;
  const auto pixels = first.render(std::vector<ViewRef>{{5, 0}, {5, 1}, {5, 2}, {6, 1}}, damaged);
  EXPECT_EQ(pixels.sizes(), (std::vector<int64_t>{4, 3, kSide, kSide}));
  EXPECT_FALSE(pixels[0].equal(pixels[1]));
  EXPECT_FALSE(pixels[1].equal(pixels[2]));
  EXPECT_TRUE(second.render(std::vector<ViewRef>{{5, 2}}, damaged)[0].equal(pixels[2]));
  EXPECT_TRUE(second.render(std::vector<ViewRef>{{6, 1}}, damaged)[0].equal(pixels[3]));
  cached.seed = 2;
  EXPECT_FALSE(DocumentSource(cached, format())
                   .render(std::vector<ViewRef>{{5, 1}}, damaged)[0]
                   .equal(pixels[1]));
  EXPECT_TRUE(damaged.empty());
}

TEST_F(DocumentSourceTest, AnUnvariedViewIsThePictureOfTheSequence) {
  auto cached = config();
  cached.cached_views = 1;
  cached.variation.flip = cached.variation.colour = 0;
  const DocumentSource documents(cached, format());
  std::vector<std::string> damaged;
  for (int64_t i = 0; i < 12; ++i) {
    const Sequence sequence = documents.sequence(i, damaged);
    const int64_t number = std::stoll(sequence.key.substr(sequence.key.rfind(':') + 1));
    EXPECT_TRUE(
        documents.render(std::vector<ViewRef>{{number, 0}}, damaged).equal(pixels(sequence)));
  }
}

TEST_F(DocumentSourceTest, ADamagedPictureIsRenderedAsNaNAndNamedOnce) {
  testing::break_picture(folder_.file("shards/b.tar"), 2);  // document 7
  auto cached = config();
  cached.cached_views = 2;
  const DocumentSource documents(cached, format());
  std::vector<std::string> damaged;
  const auto pixels =
      documents.render(std::vector<ViewRef>{{6, 1}, {7, 0}, {7, 1}, {8, 0}}, damaged);
  const auto bad = pixels.isnan().flatten(1);
  EXPECT_TRUE(bad.all(1).equal(torch::tensor({false, true, true, false})));
  EXPECT_TRUE(bad.any(1).equal(torch::tensor({false, true, true, false})));
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_NE(damaged[0].find("b.tar:7"), std::string::npos) << damaged[0];
}

TEST_F(DocumentSourceTest, PicturesAreNumberedWithTheClipsBetweenThem) {
  const media::Image image{
      .height = 16, .width = 16, .pixels = std::vector<uint8_t>(3 * 16 * 16, 90)};
  document::Document page{.parts = {document::Part::of_media_item(0),
                                    document::Part::of_media_item(1),
                                    document::Part::of_media_item(2),
                                    document::Part::of_text("a picture, a clip, a picture")}};
  page.media = {{.bytes = media::encode_png(image), .format = "png"},
                {.kind = document::MediaKind::kVideo,
                 .bytes = media::encode_video(std::vector(3, image), 1),
                 .format = "mp4"},
                {.bytes = media::encode_png(image), .format = "png"}};
  const auto write = [&](const std::string& name) {
    document::ShardWriter writer(folder_.file(name));
    writer.add("0", page);
    writer.add("1", page);
    writer.finish();
  };
  write("pages.tar");
  auto pages = config();
  pages.files = {folder_.file("pages.tar")};
  pages.window.max_media = 3;
  EXPECT_TRUE(DocumentSource(pages, format()).views().pictures.empty());  // nobody asked
  pages.cached_views = 1;
  DocumentSource documents(pages, format());
  EXPECT_EQ(documents.views().pictures, (std::vector<int64_t>{0, 2, 3, 5}));
  use_all(documents);
  std::vector<std::string> damaged;
  const Sequence sequence = documents.sequence(0, damaged);
  const int64_t first = sequence.key.ends_with(":1") ? 3 : 0;
  ASSERT_EQ(sequence.media.size(), 3u);
  EXPECT_EQ(views_of(sequence.media[0])[0].picture, first);
  EXPECT_EQ(std::get<torch::Tensor>(sequence.media[1]).size(0), 3);
  EXPECT_EQ(views_of(sequence.media[2])[0].picture, first + 2);
  const Json key = documents.views_key();
  page.parts.back().text = "another text";
  write("pages.tar");
  EXPECT_EQ(DocumentSource(pages, format()).views_key(), key);
  std::swap(page.media[0], page.media[1]);
  write("pages.tar");
  EXPECT_NE(DocumentSource(pages, format()).views_key(), key);
}

TEST_F(DocumentSourceTest, UnusableConfigsAreErrors) {
  auto none = config();
  none.files.clear();
  EXPECT_THROW(DocumentSource(none, format()), Error);
  auto missing = config();
  missing.files = {folder_.file("nothing.tar")};
  EXPECT_THROW(DocumentSource(missing, format()), Error);
  auto empty = config();
  empty.files = {folder_.path()};
  EXPECT_THROW(DocumentSource(empty, format()), Error);
  auto still = config();
  still.max_frames = 0;
  EXPECT_THROW(DocumentSource(still, format()), Error);
  auto fewer = config();
  fewer.cached_views = -1;
  EXPECT_THROW(DocumentSource(fewer, format()), Error);
}

}  // namespace
}  // namespace flamingo::data
