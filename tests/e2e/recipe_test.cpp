#include <gtest/gtest.h>

#include <string>

#include "flamingo/core/config.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/e2e/run_flamingo.h"

namespace flamingo {
namespace {

using testing::run_flamingo;

std::string explained(const std::string& verb, const std::string& section = "") {
  const auto result = run_flamingo(verb + " --explain " + section);
  EXPECT_EQ(result.status, 0) << verb;
  return result.output;
}

TEST(Recipes, DocumentShowsEveryField) {
  const std::string document =
      read_file(std::string(FLAMINGO_SOURCE_DIR) + "/docs/recipes.md", 1 << 20);
  for (const char* verb : {"train", "pretrain-vision", "data build"}) {
    const std::string block = "```\n" + explained(verb) + "```\n";
    EXPECT_NE(document.find(block), std::string::npos)
        << "docs/recipes.md is not what flamingo " << verb << " --explain prints; tools/write_"
        << "recipe_docs.sh writes it anew";
  }
}

TEST(Recipes, ASectionIsShownAloneAndAWrongOneNamesTheNearest) {
  const std::string optimizer = explained("train", "train.optimizer");
  EXPECT_TRUE(optimizer.starts_with("train.optimizer  object\n")) << optimizer;
  EXPECT_EQ(optimizer.find("schedule"), std::string::npos) << optimizer;
  const auto wrong = run_flamingo("train --explain train.optimiser", "2>&1");
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.output.find("did you mean train.optimizer?"), std::string::npos) << wrong.output;
}

TEST(Recipes, NoDefaultIsAPathOfTheRepository) {
  for (const char* verb : {"train", "pretrain-vision", "data build"}) {
    for (const char* path : {".deps", "build/", "models/"})
      EXPECT_EQ(explained(verb).find(path), std::string::npos) << verb << " " << path;
  }
}

TEST(Recipes, InitWritesOneThatIsRead) {
  const testing::TemporaryFolder folder;
  for (const char* kind : {"train", "pretrain-vision", "data-build"}) {
    const std::string path = folder.file(std::string(kind) + ".json");
    EXPECT_EQ(run_flamingo("recipe init " + std::string(kind) + " -o " + path).status, 0);
    const std::string verb = std::string(kind) == "data-build" ? "data build" : kind;
    // Its first mistake is a file that is not there, no field.
    const auto result =
        run_flamingo(verb + " --recipe " + path + " --output " + folder.file("out"), "2>&1");
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.output.find(path), std::string::npos) << result.output;
  }
  EXPECT_EQ(run_flamingo("recipe init nothing").status, 2);
}

TEST(Recipes, InitKeepsWhatIsThere) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("my.json");
  write_file_atomic(path, "mine");
  const auto refused = run_flamingo("recipe init train -o " + path, "2>&1");
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.output.find("--force"), std::string::npos) << refused.output;
  EXPECT_EQ(read_file(path, 9), "mine");
  EXPECT_EQ(run_flamingo("recipe init train --force -o " + path).status, 0);
  EXPECT_EQ(read_file(path, 1 << 20), run_flamingo("recipe init train -o -").output);
}

TEST(Recipes, AnOutputThatIsNotUtf8IsNamed) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("train.json");
  ASSERT_EQ(run_flamingo("recipe init train -o " + path).status, 0);
  const auto result =
      run_flamingo("train --recipe " + path + " --output '" + folder.file("o\xff") + "'", "2>&1");
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("expected text in UTF-8, got"), std::string::npos) << result.output;
}

TEST(Recipes, SetChangesAFieldAndNamesWhatItDoesNotKnow) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("train.json");
  ASSERT_EQ(run_flamingo("recipe init train -o " + path).status, 0);
  const auto message = [&](const std::string& assignment) {
    return run_flamingo("train --recipe " + path + " --set '" + assignment + "'", "2>&1").output;
  };
  EXPECT_NE(message("train.steps=0").find("train.steps"), std::string::npos);
  EXPECT_NE(message("train.stepps=9").find("did you mean \"steps\"?"), std::string::npos);
  EXPECT_NE(message("encoder=/no/such/one").find("/no/such/one"), std::string::npos);
  EXPECT_NE(message("steps").find("--set"), std::string::npos);
}

}  // namespace
}  // namespace flamingo
