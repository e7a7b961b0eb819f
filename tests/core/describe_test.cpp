#include "flamingo/core/describe.h"

#include <gtest/gtest.h>

namespace flamingo {
namespace {

enum class Shape { kRound, kFlat };
constexpr std::array<std::pair<Shape, const char*>, 2> enum_table(Shape) {
  return {{{Shape::kRound, "round"}, {Shape::kFlat, "flat"}}};
}

struct Part {
  double weight = 0.5;
  template <class Visitor>
  void visit(Visitor& v) {
    v("weight", weight, "how much of it");
  }
};

struct Whole {
  bool flag = true;
  int32_t count = 3;
  std::string name = "x";
  Shape shape = Shape::kFlat;
  std::vector<double> numbers = {1, 2.5};
  Part part;
  std::vector<Part> parts;
  std::optional<Part> spare;
  template <class Visitor>
  void visit(Visitor& v) {
    v("flag", flag, "whether");
    v("count", count, "how many");
    v("name", name, "of what");
    v("shape", shape, "its form");
    v("numbers", numbers, "some");
    v("part", part, "the first");
    v("parts", parts, "more");
    v("spare", spare, "perhaps");
  }
};

TEST(Describe, ListsEveryFieldWithTypeValueAndHelp) {
  EXPECT_EQ(to_text(describe(Whole{})),
            "flag  true or false = true\n    whether\n"
            "count  whole number = 3\n    how many\n"
            "name  text = \"x\"\n    of what\n"
            "shape  one of round, flat = \"flat\"\n    its form\n"
            "numbers  list: number = [1.0,2.5]\n    some\n"
            "part  object\n    the first\n"
            "part.weight  number = 0.5\n    how much of it\n"
            "parts  list of objects = []\n    more\n"
            "parts[].weight  number = 0.5\n    how much of it\n"
            "spare  object or null = null\n    perhaps\n"
            "spare.weight  number = 0.5\n    how much of it\n");
}

TEST(Describe, ShowsOneSection) {
  const auto all = describe(Whole{});
  EXPECT_EQ(fields_of(all, "").size(), all.size());
  ASSERT_EQ(fields_of(all, "part").size(), 2u);  // not parts
  EXPECT_EQ(fields_of(all, "parts")[1].path, "parts[].weight");
  EXPECT_EQ(fields_of(all, "spare.weight")[0].help, "how much of it");
  try {
    fields_of(all, "part.wieght");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean part.weight?"), std::string::npos);
  }
}

TEST(Describe, WritesARecipeThatReadsBack) {
  Whole config;
  config.count = 7;
  config.parts = {{.weight = 2}};
  const std::string text = annotated_json(describe(config), "A recipe.");
  EXPECT_TRUE(text.starts_with("// A recipe.\n{\n  // whether\n  \"flag\": true,\n")) << text;
  EXPECT_NE(text.find("    // how much of it\n    \"weight\": 0.5\n"), std::string::npos) << text;
  Whole read;
  config_from_json(parse_json(text, "test"), read, "test");
  EXPECT_EQ(config_to_json(read), config_to_json(config));
}

TEST(SetField, ReachesEveryField) {
  Json json = {{"parts", {{{"weight", 1}}, {{"weight", 2}}}}, {"spare", nullptr}};
  set_field(json, "count=5");
  set_field(json, "name=a b=c");
  set_field(json, "parts[1].weight=1e-4");
  set_field(json, "spare.weight=3");
  set_field(json, "part.weight=4");
  set_field(json, "numbers=[1, 2]");
  set_field(json, "shape=round");
  Whole whole;
  config_from_json(json, whole, "test");
  EXPECT_EQ(whole.count, 5);
  EXPECT_EQ(whole.name, "a b=c");
  EXPECT_EQ(whole.parts[1].weight, 1e-4);
  EXPECT_EQ(whole.spare->weight, 3);
  EXPECT_EQ(whole.part.weight, 4);
  EXPECT_EQ(whole.numbers, (std::vector<double>{1, 2}));
  EXPECT_EQ(whole.shape, Shape::kRound);
}

TEST(SetField, RefusesWhatLeadsNowhere) {
  for (const char* wrong :
       {"", "count", "=3", "..=1", "a..b=1", ".a=1", "parts[2].weight=1", "parts[x]=1", "parts[=1",
        "parts[-1]=1", "parts.weight=1", "name.first=1", "parts[0][0]=1"}) {
    Json json = {{"parts", {{{"weight", 1}}}}, {"name", "x"}};
    EXPECT_THROW(set_field(json, wrong), Error) << wrong;
  }
  Json json;
  EXPECT_THROW(set_field(json, "name=\xff"), Error);
}

TEST(SetField, WhatIsTooDeepIsNoJson) {
  Json json;
  set_field(json, "count=" + std::string(60000, '[') + std::string(60000, ']'));
  EXPECT_TRUE(json["count"].is_string());
  std::string deep = "a";
  for (int i = 0; i < 60000; ++i) deep += ".a";
  EXPECT_THROW(set_field(json, deep + "=1"), Error);
}

TEST(NearestName, IsNearOrEmpty) {
  const std::vector<std::string> known = {"steps", "seed", "sources", "learning_rate"};
  EXPECT_EQ(nearest_name("step", known), "steps");
  EXPECT_EQ(nearest_name("souces", known), "sources");
  EXPECT_EQ(nearest_name("laerning_rate", known), "learning_rate");
  EXPECT_EQ(nearest_name("optimizer", known), "");
  EXPECT_EQ(nearest_name("", known), "");
}

TEST(Config, SuggestsTheKeyThatWasMeant) {
  Whole whole;
  try {
    config_from_json(Json{{"cuont", 1}}, whole, "test");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"count\"?"), std::string::npos);
  }
}

}  // namespace
}  // namespace flamingo
