#include "flamingo/data/document_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "flamingo/core/file.h"
#include "flamingo/document/shard.h"
#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo::data {
namespace {

using testing::error_of;

class DocumentListTest : public ::testing::Test {
 protected:
  DocumentListTest() {
    std::filesystem::create_directory(folder_.file("shards"));
    write("shards/b.tar", {"second", "third"});
    write("shards/a.tar", {"first"});
    write("c.tar", {"fourth", "fifth"});
  }
  /// A shard of documents of a text each; the text is the key too.
  void write(const std::string& name, const std::vector<std::string>& texts) {
    document::ShardWriter writer(folder_.file(name));
    for (const std::string& text : texts) {
      writer.add(text, {.parts = {document::Part::of_text(text)}});
    }
    writer.finish();
  }
  DocumentList all() const { return {{folder_.file("shards"), folder_.file("c.tar")}, {}}; }
  static std::string text_of(const DocumentList& list, int64_t document) {
    return list.read(document).parts.at(0).text;
  }
  /// The document that stands at a place of the endless order.
  static int64_t drawn(const DocumentList& list, int64_t index, uint64_t seed) {
    std::vector<std::string> damaged;
    return list.draw(index, seed, damaged,
                     [](int64_t document, Rng&) { return std::optional(document); });
  }

  testing::TemporaryFolder folder_;
};

TEST_F(DocumentListTest, NumbersTheDocumentsOfFilesAndFoldersInTheirOrder) {
  const DocumentList list = all();
  ASSERT_EQ(list.size(), 5);
  const char* texts[] = {"first", "second", "third", "fourth", "fifth"};
  for (int64_t i = 0; i < list.size(); ++i) EXPECT_EQ(text_of(list, i), texts[i]);
  EXPECT_EQ(list.name_of(0), folder_.file("shards/a.tar") + ":first");
  EXPECT_EQ(list.name_of(2), folder_.file("shards/b.tar") + ":third");
  EXPECT_EQ(list.name_of(3), folder_.file("c.tar") + ":fourth");
  EXPECT_TRUE(list.warnings().empty());
}

TEST_F(DocumentListTest, FilesWithoutDocumentsTakeNoNumbers) {
  write("none.tar", {});
  const DocumentList list({folder_.file("none.tar"), folder_.file("c.tar"),
                           folder_.file("none.tar"), folder_.file("shards/a.tar")},
                          {});
  ASSERT_EQ(list.size(), 3);
  EXPECT_EQ(text_of(list, 0), "fourth");
  EXPECT_EQ(text_of(list, 2), "first");
}

TEST_F(DocumentListTest, WhatHoldsNoDocumentsIsAnError) {
  write("none.tar", {});
  EXPECT_NE(error_of([&] { DocumentList({folder_.file("none.tar")}, {}); }).find("at least one"),
            std::string::npos);
  std::filesystem::create_directory(folder_.file("empty"));
  const std::string message = error_of([&] {
    DocumentList({folder_.file("c.tar"), folder_.file("empty")}, {});
  });
  EXPECT_NE(message.find("empty] expected a folder with .tar shards"), std::string::npos)
      << message;
}

TEST_F(DocumentListTest, EveryEpochShowsEachDocumentOnce) {
  const DocumentList list = all();
  std::set<std::vector<int64_t>> orders;
  for (const uint64_t seed : {0, 1}) {
    for (int64_t epoch = 0; epoch < 10; ++epoch) {
      std::vector<int64_t> order;
      for (int64_t i = 0; i < list.size(); ++i) {
        order.push_back(drawn(list, epoch * list.size() + i, seed));
      }
      EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()), (std::set<int64_t>{0, 1, 2, 3, 4}));
      orders.insert(order);
    }
  }
  EXPECT_GT(orders.size(), 10u);  // of 20; there are 120
}

TEST_F(DocumentListTest, TheGeneratorDependsOnSeedAndPlaceAlone) {
  const DocumentList list = all();
  const auto number = [&](int64_t index, uint64_t seed) {
    std::vector<std::string> damaged;
    return list.draw(index, seed, damaged,
                     [](int64_t, Rng& rng) { return std::optional(rng.next()); });
  };
  EXPECT_EQ(number(7, 3), number(7, 3));
  EXPECT_NE(number(7, 3), number(8, 3));
  EXPECT_NE(number(7, 3), number(7, 4));
}

TEST_F(DocumentListTest, AnotherTakesThePlaceOfADamagedOneAndOfNothing) {
  const DocumentList list = all();
  for (int64_t index = 0; index < 20; ++index) {
    std::vector<std::string> damaged;
    std::vector<int64_t> tried;
    const int64_t taken = list.draw(index, 1, damaged, [&](int64_t document, Rng&) {
      tried.push_back(document);
      if (document == 1) fail("picture", "expected a picture, got none");
      return document == 3 ? std::nullopt : std::optional(document);
    });
    EXPECT_EQ(taken, tried.back());
    EXPECT_EQ(std::ssize(damaged), std::ranges::count(tried, 1));
    for (const std::string& name : damaged) {
      EXPECT_EQ(name, list.name_of(1) + ": [picture] expected a picture, got none");
    }
  }
}

TEST_F(DocumentListTest, NothingButDamagedOnesIsAnErrorThatNamesTheLast) {
  std::vector<std::string> damaged;
  int64_t tries = 0;
  const std::string message = error_of([&] {
    all().draw(0, 1, damaged, [&](int64_t, Rng&) -> std::optional<int> {
      fail("picture", "expected a picture, got none in try {}", ++tries);
    });
  });
  EXPECT_EQ(std::ssize(damaged), DocumentList::kMaxDamaged);
  EXPECT_NE(message.find("a.tar] expected documents that can be trained on"), std::string::npos)
      << message;
  EXPECT_NE(message.find("; the last: " + damaged.back()), std::string::npos) << message;
}

TEST_F(DocumentListTest, NothingToTrainOnIsAnErrorToo) {
  std::vector<std::string> damaged;
  int64_t tries = 0;
  const std::string message = error_of([&] {
    all().draw(0, 1, damaged, [&](int64_t, Rng&) {
      ++tries;
      return std::optional<int>();
    });
  });
  EXPECT_EQ(tries, 10 * DocumentList::kMaxDamaged);
  EXPECT_TRUE(damaged.empty());
  EXPECT_EQ(message.find("the last"), std::string::npos) << message;
}

}  // namespace
}  // namespace flamingo::data
