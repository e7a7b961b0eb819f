#include "flamingo/pictures/picture_record.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::pictures {
namespace {

using Names = std::vector<std::string>;
using testing::error_of;

PictureRecord record(const char* json) { return record_from_json(Json::parse(json), "set:3"); }

TEST(PictureRecord, ReadsEveryField) {
  const PictureRecord read = record(
      R"({"file": "p/1.png", "key": "1F431", "names": ["cat", "kitten"], "group": "pets",
          "style": "line", "split": "unseen", "mirrorable": false, "line_art": true})");
  EXPECT_EQ(read.file, "p/1.png");
  EXPECT_EQ(read.key, "1F431");
  EXPECT_EQ(read.names, (Names{"cat", "kitten"}));
  EXPECT_EQ(read.group, "pets");
  EXPECT_EQ(read.style, "line");
  EXPECT_EQ(read.split, "unseen");
  EXPECT_FALSE(read.mirrorable);
  EXPECT_TRUE(read.line_art);
}

TEST(PictureRecord, FieldsMayBeAbsentOrNull) {
  for (const char* json : {"{}", R"({"file": null, "names": null, "mirrorable": null})"}) {
    const PictureRecord read = record(json);
    EXPECT_EQ(read.file, "");
    EXPECT_EQ(read.names, Names{});
    EXPECT_TRUE(read.mirrorable);
    EXPECT_FALSE(read.line_art);
  }
}

TEST(PictureRecord, TakesOtherSpellingsInTheirOrder) {
  EXPECT_EQ(record(R"({"file_name": "a.jpg"})").file, "a.jpg");
  EXPECT_EQ(record(R"({"file_name": "a.jpg", "file": "b.jpg"})").file, "b.jpg");
  EXPECT_EQ(record(R"({"label": "cat"})").names, Names{"cat"});
  EXPECT_EQ(record(R"({"label": "pet", "name": "cat"})").names, Names{"cat"});
  EXPECT_EQ(record(R"({"name": "pet", "names": ["cat"]})").names, Names{"cat"});
}

TEST(PictureRecord, LeavesOtherFieldsAlone) {
  EXPECT_EQ(record(R"({"name": "cat", "width": 80, "Style": 1})").names, Names{"cat"});
}

TEST(PictureRecord, OtherTypesAreErrorsThatNameTheField) {
  const std::pair<const char*, const char*> wrong[] = {{R"({"file": 1})", "\"file\""},
                                                       {R"({"file_name": 1})", "\"file\""},
                                                       {R"({"key": 7})", "\"key\""},
                                                       {R"({"names": "cat"})", "\"names\""},
                                                       {R"({"names": ["cat", 1]})", "\"names\""},
                                                       {R"({"label": ["cat"]})", "\"name\""},
                                                       {R"({"mirrorable": 1})", "\"mirrorable\""},
                                                       {R"({"line_art": "yes"})", "\"line_art\""},
                                                       {R"(["cat"])", "a JSON object"}};
  for (const auto& [json, field] : wrong) {
    const std::string message = error_of([&, json = json] { record(json); });
    EXPECT_NE(message.find("[set:3]"), std::string::npos) << message;
    EXPECT_NE(message.find(field), std::string::npos) << message;
  }
}

TEST(TableBuilder, JoinsTheNamesOfAClass) {
  TableBuilder builder;
  builder.add({.names = {"cat", "kitten"}, .group = "pets", .mirrorable = false}, "x");
  builder.add({.names = {"dog"}}, "x");
  builder.add({.names = {"cat", "tom", "kitten"}, .group = "wild"}, "x");
  const PictureTable table = builder.build();
  ASSERT_EQ(table.classes.size(), 2u);
  EXPECT_EQ(table.classes[0].key, "cat");
  EXPECT_EQ(table.classes[0].name, "cat");
  EXPECT_EQ(table.classes[0].tags, (Names{"kitten", "tom"}));
  EXPECT_EQ(table.classes[0].group, "pets");  // the first record tells
  EXPECT_FALSE(table.classes[0].mirrorable);
  ASSERT_EQ(table.pictures.size(), 3u);
  EXPECT_EQ(table.pictures[1].class_index, 1);
  EXPECT_EQ(table.pictures[2].class_index, 0);
}

TEST(TableBuilder, KeysTellClassesApart) {
  TableBuilder builder;
  builder.add({.key = "1F987", .names = {"bat"}}, "x");
  builder.add({.key = "1F3CF", .names = {"bat"}}, "x");
  builder.add({.key = "1F987", .names = {"flying fox"}}, "x");
  const PictureTable table = builder.build();
  ASSERT_EQ(table.classes.size(), 2u);
  EXPECT_EQ(table.classes[0].name, "bat");
  EXPECT_EQ(table.classes[0].tags, Names{"flying fox"});
  EXPECT_EQ(table.classes[1].name, "bat");
  EXPECT_EQ(table.classes[1].tags, Names{});
}

TEST(TableBuilder, APictureWithoutASplitIsForTraining) {
  TableBuilder builder;
  builder.add({.names = {"cat"}, .style = "line", .line_art = true}, "x");
  builder.add({.names = {"cat"}, .split = "unseen"}, "x");
  const PictureTable table = builder.build();
  EXPECT_EQ(table.pictures[0].split, kTrainSplit);
  EXPECT_EQ(table.pictures[0].style, "line");
  EXPECT_TRUE(table.pictures[0].line_art);
  EXPECT_EQ(table.pictures[1].split, "unseen");
}

TEST(TableBuilder, NeedsAName) {
  TableBuilder builder;
  for (const Names& names : {Names{}, Names{""}, Names{"", "cat"}}) {
    const std::string message = error_of([&] { builder.add({.key = "k", .names = names}, "x:2"); });
    EXPECT_NE(message.find("[x:2] expected a name"), std::string::npos) << message;
  }
  EXPECT_TRUE(builder.build().classes.empty());
}

TEST(TableBuilder, IsEmptyAfterTheTable) {
  TableBuilder builder;
  builder.add({.names = {"cat"}}, "x");
  builder.build();
  builder.add({.names = {"cat"}}, "x");
  const PictureTable table = builder.build();
  ASSERT_EQ(table.classes.size(), 1u);
  EXPECT_EQ(table.pictures.at(0).class_index, 0);
}

TEST(PictureRecord, IsReadAsItWasWritten) {
  const PictureClass shown{
      .key = "1F431", .name = "cat", .tags = {"kitten"}, .group = "pets", .mirrorable = false};
  const LabelledPicture picture{.style = "line", .split = "unseen", .line_art = true};
  TableBuilder builder;
  builder.add(record_from_json(record_to_json(shown, picture), "set"), "set");
  builder.add(record_from_json(record_to_json({.key = "x", .name = "x"}, {}), "set"), "set");
  const PictureTable table = builder.build();
  EXPECT_EQ(config_to_json(PictureClass(table.classes[0])), config_to_json(PictureClass(shown)));
  EXPECT_EQ(config_to_json(LabelledPicture(table.pictures[0])),
            config_to_json(LabelledPicture(picture)));
  EXPECT_EQ(table.classes[1].key, "x");
  EXPECT_EQ(table.pictures[1].split, kTrainSplit);
}

TEST(TableBuilder, JoinsPicturesWithoutAKeyByName) {
  for (const bool keyed_first : {true, false}) {
    TableBuilder builder;
    const PictureRecord keyed{.key = "1F431", .names = {"cat"}}, plain{.names = {"cat"}};
    builder.add(keyed_first ? keyed : plain, "set");
    builder.add(keyed_first ? plain : keyed, "set");
    builder.add({.key = "other", .names = {"cat"}}, "set");
    const PictureTable table = builder.build();
    ASSERT_EQ(table.classes.size(), 2u);
    EXPECT_EQ(table.classes[0].key, "1F431");
    EXPECT_EQ(table.classes[1].key, "other");
    EXPECT_EQ(table.pictures[1].class_index, 0);
    EXPECT_EQ(table.pictures[2].class_index, 1);
  }
}

}  // namespace
}  // namespace flamingo::pictures
