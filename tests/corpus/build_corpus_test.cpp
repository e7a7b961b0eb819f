#include "flamingo/corpus/build_corpus.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/document/document_file.h"
#include "tests/core/temporary_folder.h"
#include "tests/corpus/tiny_site.h"

namespace flamingo::corpus {
namespace {

namespace fs = std::filesystem;

class BuildCorpusTest : public ::testing::Test {
 protected:
  std::string site() const { return folder_.path() + "/site"; }

  CorpusRecipe recipe(const std::string& output = "out") const {
    CorpusRecipe recipe;
    recipe.output = folder_.path() + "/" + output;
    recipe.inputs = {{.path = site(),
                      .url = "https://site.example/",
                      .licence = "CC0-1.0",
                      .pages_per_shard = 4}};
    return recipe;
  }
  void write(const std::string& name, const std::string& bytes) const {
    write_file_atomic(site() + "/" + name, bytes);
  }
  /// Bytes of every output file, by its path below the output folder.
  std::map<std::string, std::string> output_of(const CorpusRecipe& recipe) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(recipe.output)) {
      const std::string name = fs::relative(entry.path(), recipe.output).string();
      if (entry.is_regular_file() && name != "recipe.json") {
        files[name] = read_file(entry.path().string(), 1 << 24);
      }
    }
    return files;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(BuildCorpusTest, WhatKilledProcessesLeftGoesWithTheNextStart) {
  testing::write_site(site(), 2);
  const CorpusRecipe small = recipe();
  build_corpus(small, {}, {});
  const auto whole = output_of(small);
  const std::string dead = ".tmp." + std::to_string(1 << 30);  // no machine has so many
  for (const char* name : {"/train/000000.tar", "/work/other", "/report/a.json", "/recipe.json"})
    write_file_atomic(small.output + name + dead, "half");
  const std::string alive = small.output + "/train/000001.tar.tmp." + std::to_string(::getppid());
  write_file_atomic(alive, "half");
  build_corpus(small, {}, {});
  EXPECT_TRUE(fs::remove(alive));
  EXPECT_EQ(output_of(small), whole);
}

TEST_F(BuildCorpusTest, KeepsGoodPagesWithTheirPictures) {
  testing::write_site(site(), 6);
  const CorpusRecipe small = recipe();
  const auto result = build_corpus(small, {}, {});
  EXPECT_TRUE(result.finished);
  EXPECT_EQ(result.report.pages_kept(), 6) << result.report.table();
  const auto first = document::open_documents(small.output + "/train/000000.tar");
  const auto second = document::open_documents(small.output + "/train/000001.tar");
  ASSERT_EQ(first->size(), 4);
  ASSERT_EQ(second->size(), 2);
  const document::Document page = first->read(1);
  EXPECT_EQ(page.url, "https://site.example/page1.html");
  EXPECT_EQ(page.title, "page1");
  EXPECT_EQ(page.licence, "CC0-1.0");
  ASSERT_EQ(page.media.size(), 1u);
  EXPECT_EQ(page.media[0].bytes, testing::random_picture(1001));
  EXPECT_EQ(page.media[0].format, "png");
  EXPECT_EQ(page.media[0].width, 96);
  EXPECT_NE(document::plain_text(page).find("People have to be patient with every"),
            std::string::npos);
}

TEST_F(BuildCorpusTest, EachRuleDropsWhatItIsFor) {
  testing::write_site(site(), 2);
  const std::string prose = testing::random_prose(1);
  write("tiny.png", testing::random_picture(7, 32));
  write("broken.png", testing::random_picture(8).substr(0, 200));
  write("few.html", testing::page_html("few", "Too few words.", {"page0.png"}));
  write("none.html", testing::page_html("none", testing::random_prose(2), {}));
  write("noai.html", "<meta name=robots content=noai>" +
                         testing::page_html("noai", testing::random_prose(3), {"page0.png"}));
  write("left.html", testing::page_html(
                         "left", testing::random_prose(4),
                         {"tiny.png", "broken.png", "missing.png", "https://other.example/x.png"}));
  write("copy.html", testing::page_html("page1", testing::random_prose(1001), {"page1.png"}));
  std::string german;
  for (int i = 0; i < 20; ++i) {
    german += "Der alte Lehrer beschreibt den Garten hinter dem Haus Nummer " + std::to_string(i) +
              " und erinnert sich an jeden einzelnen Sommer seiner Kindheit. ";
  }
  write("german.html", testing::page_html("deutsch", german, {"page0.png"}));
  std::string again = prose;
  for (int i = 0; i < 8; ++i) again += prose;
  write("again.html", testing::page_html("again", again, {"page0.png"}));

  const auto result = build_corpus(recipe(), {}, {});
  const auto& dropped = result.report.dropped();
  const auto pages = [&](const std::string& rule) {
    const auto it = dropped.find(rule);
    return it == dropped.end() ? 0 : it->second.pages;
  };
  const auto media = [&](const std::string& rule) {
    const auto it = dropped.find(rule);
    return it == dropped.end() ? 0 : it->second.media;
  };
  const std::string table = result.report.table();
  EXPECT_EQ(pages("few_words"), 1) << table;
  EXPECT_EQ(pages("no_picture"), 1) << table;
  EXPECT_EQ(pages("use_forbidden"), 1) << table;
  EXPECT_EQ(pages("language"), 1) << table;
  EXPECT_EQ(pages("no_picture_left"), 1) << table;
  EXPECT_EQ(media("short_side"), 1) << table;
  EXPECT_EQ(media("undecodable"), 1) << table;
  EXPECT_EQ(media("fetch_not_found"), 1) << table;
  EXPECT_EQ(media("fetch_refused"), 1) << "outside of the folder: " << table;
  EXPECT_EQ(pages("duplicate_text"), 1) << table;
  EXPECT_EQ(result.report.pages_kept(), 2) << table;
  EXPECT_EQ(result.report.pages_seen(), 9) << table;
}

TEST_F(BuildCorpusTest, EvaluationSetsStayOut) {
  testing::write_site(site(), 3);
  CorpusRecipe first = recipe("evaluation");
  build_corpus(first, {}, {});
  testing::write_site(site(), 5);
  CorpusRecipe second = recipe();
  second.evaluation_sets = {first.output + "/train/000000.tar"};
  const auto result = build_corpus(second, {}, {});
  EXPECT_EQ(result.report.pages_kept(), 2) << result.report.table();
  EXPECT_EQ(result.report.dropped().at("evaluation_text").pages, 3);
}

TEST_F(BuildCorpusTest, HeldOutPagesAreChosenByAddress) {
  testing::write_site(site(), 20);
  CorpusRecipe half = recipe();
  half.held_out = 0.5;
  build_corpus(half, {}, {});
  int64_t train = 0, held_out = 0;
  for (int shard = 0; shard < 5; ++shard) {
    const std::string name = "/00000" + std::to_string(shard) + ".tar";
    train += document::open_documents(half.output + "/train" + name)->size();
    held_out += document::open_documents(half.output + "/held-out" + name)->size();
  }
  EXPECT_EQ(train + held_out, 20);
  EXPECT_GT(train, 3);
  EXPECT_GT(held_out, 3);
}

TEST_F(BuildCorpusTest, StoppedAnywhereAndSplitAnyhowTheBytesAreTheSame) {
  testing::write_site(site(), 18);
  const CorpusRecipe whole = recipe("whole");
  ASSERT_TRUE(build_corpus(whole, {}, {}).finished);
  const auto expected = output_of(whole);
  ASSERT_EQ(expected.size(), 5u * 5) << "work x 3, train, report";

  const CorpusRecipe stopped = recipe("stopped");
  int64_t runs = 0;
  for (bool finished = false; !finished; ++runs) {
    std::atomic<bool> stop{false};
    int64_t pages = 0;
    const BuildHooks hooks{.stop = &stop, .progress = [&](const BuildProgress& progress) {
                             pages = progress.pages_done;
                             if (pages >= 2 + 3 * runs) stop = true;
                           }};
    finished = build_corpus(stopped, {}, hooks).finished;
  }
  EXPECT_GT(runs, 3);
  EXPECT_EQ(output_of(stopped), expected);

  const CorpusRecipe split = recipe("split");
  EXPECT_EQ(build_corpus(split, {.rank = 0, .world_size = 2}, {}).waiting_shards, 2);
  EXPECT_TRUE(build_corpus(split, {.rank = 1, .world_size = 2}, {.threads = 2}).finished);
  EXPECT_TRUE(build_corpus(split, {.rank = 0, .world_size = 2}, {}).finished);
  EXPECT_EQ(output_of(split), expected);
}

TEST_F(BuildCorpusTest, AnotherRecipesFolderIsRefused) {
  testing::write_site(site(), 2);
  CorpusRecipe one = recipe();
  build_corpus(one, {}, {});
  one.quality.min_words = 60;
  EXPECT_THROW(build_corpus(one, {}, {}), Error);
}

}  // namespace
}  // namespace flamingo::corpus
