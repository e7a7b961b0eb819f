#include "flamingo/corpus/finish_shard.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/corpus/build_report.h"
#include "flamingo/document/document_file.h"
#include "flamingo/document/shard.h"
#include "tests/core/temporary_folder.h"
#include "tests/corpus/tiny_site.h"

namespace flamingo::corpus {
namespace {

class FinishShardTest : public ::testing::Test {
 protected:
  FinishShardTest() : files_(folder_.path(), "000000") {
    for (const char* name : {"/work", "/train", "/held-out", "/report"}) {
      make_folder(folder_.path() + name);
    }
    recipe_.output = folder_.path();
  }

  /// Two pictures and three paragraphs: about 70, 70 and 10 words.
  static document::Document page(uint64_t seed) {
    document::Document page{.url = "https://site.example/" + std::to_string(seed)};
    page.media = {{.url = "a", .bytes = testing::random_picture(seed), .format = "png"},
                  {.url = "b", .bytes = testing::random_picture(seed + 1), .format = "png"}};
    page.parts = {document::Part::of_media_item(0),
                  document::Part::of_text(testing::random_prose(seed, 6) + "\n\n" +
                                          testing::random_prose(seed + 1, 6)),
                  document::Part::of_media_item(1),
                  document::Part::of_text("The last words of a page that ends here.")};
    return page;
  }
  void write(const std::vector<document::Document>& pages) {
    document::ShardWriter shard(files_.filtered);
    BuildReport report;
    report.drop_media_item({"short_side", "c", "", ""});
    for (size_t i = 0; i < pages.size(); ++i) {
      shard.add("000000-" + std::to_string(i), pages[i]);
      report.keep(2, 1);
    }
    shard.finish();
    write_file_atomic(files_.filtered_report, report.to_json().dump());
  }
  BuildReport report() const {
    return BuildReport::from_json(read_json_file(files_.report), files_.report);
  }

  testing::TemporaryFolder folder_;
  ShardFiles files_;
  CorpusRecipe recipe_;
};

TEST_F(FinishShardTest, TakesOutWhatWasSeenBefore) {
  write({page(1), page(2), page(3)});
  std::vector<DuplicateVerdict> verdicts(3);
  verdicts[0].rule = DuplicateRule::kText;
  verdicts[1].paragraphs = {{0, DuplicateRule::kSeenParagraph}};
  verdicts[1].pictures = {{1, DuplicateRule::kCommonPicture}};
  verdicts[2].pictures = {{0, DuplicateRule::kCommonPicture}, {1, DuplicateRule::kCommonPicture}};
  finish_shard(recipe_, verdicts, files_);
  const auto train = document::open_documents(files_.train);
  ASSERT_EQ(train->size(), 1);
  const document::Document kept = train->read(0);
  ASSERT_EQ(kept.media.size(), 1u);
  EXPECT_EQ(kept.media[0].bytes, testing::random_picture(2));
  const std::string text = document::plain_text(kept);
  EXPECT_EQ(text.find(testing::random_prose(2, 1)), std::string::npos);
  EXPECT_NE(text.find(testing::random_prose(3, 1)), std::string::npos);
  const BuildReport counts = report();
  EXPECT_EQ(counts.pages_seen(), 3) << counts.table();
  EXPECT_EQ(counts.media_seen(), 7) << "one was dropped by the first pass: " << counts.table();
  EXPECT_EQ(counts.dropped().at("duplicate_text").media, 2);
  EXPECT_EQ(counts.dropped().at("no_picture_left").pages, 1);
  EXPECT_EQ(counts.dropped().at("common_picture").media, 3);
  EXPECT_EQ(counts.media_kept(), 1);
}

TEST_F(FinishShardTest, APageThatLosesItsTextGoes) {
  write({page(1)});
  std::vector<DuplicateVerdict> verdicts(1);
  verdicts[0].paragraphs = {{0, DuplicateRule::kSeenParagraph}, {1, DuplicateRule::kSeenParagraph}};
  finish_shard(recipe_, verdicts, files_);
  EXPECT_EQ(document::open_documents(files_.train)->size(), 0);
  EXPECT_EQ(report().dropped().at("few_words_left").pages, 1);
}

TEST_F(FinishShardTest, RefusesAnotherNumberOfVerdicts) {
  write({page(1)});
  EXPECT_THROW(finish_shard(recipe_, std::vector<DuplicateVerdict>(2), files_), Error);
}

TEST(IsHeldOut, TakesTheAskedShareOfAddresses) {
  int chosen = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string url = "https://site.example/" + std::to_string(i);
    chosen += is_held_out(url, 0.1);
    EXPECT_FALSE(is_held_out(url, 0));
    EXPECT_LE(is_held_out(url, 0.1), is_held_out(url, 0.2)) << "a larger share holds a smaller one";
  }
  EXPECT_NEAR(chosen, 1000, 120);  // 4 standard deviations
}

}  // namespace
}  // namespace flamingo::corpus
