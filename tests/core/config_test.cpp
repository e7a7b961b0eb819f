#include "flamingo/core/config.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo {
namespace {

using testing::error_of;

enum class Color { kRed, kBlue };

constexpr std::array<std::pair<Color, const char*>, 2> enum_table(Color) {
  return {{{Color::kRed, "red"}, {Color::kBlue, "blue"}}};
}

struct Inner {
  int64_t dim = 8;
  template <class Visitor>
  void visit(Visitor& v) {
    v("dim", dim, "width");
  }
};

struct Outer {
  bool flag = false;
  double rate = 0.5;
  std::string name = "x";
  Color color = Color::kRed;
  std::optional<int64_t> limit;
  std::vector<int64_t> sizes;
  Inner inner;
  std::vector<Inner> parts;

  template <class Visitor>
  void visit(Visitor& v) {
    v("flag", flag, "a switch");
    v("rate", rate, "per second");
    v("name", name, "what it is called");
    v("color", color, "red or blue");
    v("limit", limit, "upper bound, or none");
    v("sizes", sizes, "widths");
    v("inner", inner, "the inner part");
    v("parts", parts, "more parts");
  }
};

Outer read(const std::string& text) {
  Outer config;
  config_from_json(parse_json(text, "file"), config, "file");
  return config;
}

void expect_error(const std::string& text, const std::string& part) {
  const std::string message = error_of([&] { read(text); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(ConfigText, HoldsOnlyTextThatIsUtf8) {
  Outer config;
  config.name = "o\xff";
  const std::string message = error_of([&] { config_text(config_to_json(config)); });
  EXPECT_EQ(message, "[/name] expected text in UTF-8, got o\\xff");
}

TEST(Config, AbsentKeysKeepTheirDefaults) {
  const Outer config = read("{}");
  EXPECT_EQ(config.rate, 0.5);
  EXPECT_EQ(config.limit, std::nullopt);
  EXPECT_EQ(config.inner.dim, 8);
}

TEST(Config, WritesWhatItReads) {
  const std::string text = R"({"color":"blue","flag":true,"inner":{"dim":3},"limit":9,"name":"n",)"
                           R"("parts":[{"dim":1},{"dim":2}],"rate":2.0,"sizes":[4,5]})";
  const Outer config = read(text);
  EXPECT_EQ(config.color, Color::kBlue);
  EXPECT_EQ(config.limit, 9);
  EXPECT_EQ(config.sizes, (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(config.parts.at(1).dim, 2);
  EXPECT_EQ(config_to_json(config).dump(), text);
}

TEST(Config, NullEmptiesAnOptional) {
  Outer config;
  config.limit = 4;
  config_from_json(parse_json(R"({"limit":null})", "file"), config, "file");
  EXPECT_EQ(config.limit, std::nullopt);
  EXPECT_TRUE(config_to_json(config)["limit"].is_null());
}

TEST(Config, RefusesUnknownKeysAndWrongTypes) {
  expect_error(R"({"rats":1})",
               "got \"rats\" (hint: did you mean \"rate\"? known keys: flag, rate, name");
  expect_error(R"({"inner":{"dum":1}})", "[file.inner]");
  expect_error(R"({"flag":1})", "[file.flag] expected true or false, got 1");
  expect_error(R"({"rate":"fast"})", "[file.rate] expected a number");
  expect_error(R"({"name":7})", "[file.name] expected a string");
  expect_error(R"({"limit":1.5})", "[file.limit] expected a whole number");
  expect_error(R"({"sizes":3})", "[file.sizes] expected a list");
  expect_error(R"({"sizes":[1,"a"]})", "[file.sizes[1]]");
  expect_error(R"({"inner":[]})", "[file.inner] expected an object");
  expect_error(R"({"color":"green"})", "[file.color] expected one of red, blue, got \"green\"");
  expect_error(R"({"color":1})", "[file.color] expected a name");
  expect_error(R"([])", "[file] expected an object");
}

TEST(Config, NamesEnumerators) {
  EXPECT_EQ(enum_name(Color::kBlue), "blue");
  EXPECT_EQ(enum_from_name<Color>("red", "x"), Color::kRed);
}

TEST(ParseJson, AllowsCommentsAndNamesMistakes) {
  EXPECT_EQ(parse_json("{\"a\": 1 // one\n}", "file")["a"], 1);
  EXPECT_NE(error_of([] { parse_json("{\"a\":}", "file"); }).find("[file] expected valid JSON"),
            std::string::npos);
  EXPECT_NE(error_of([] { parse_json("[1e999]", "file"); }).find("valid JSON"), std::string::npos);
  EXPECT_NE(error_of([] { parse_json("\"\xff\"", "file"); }).find("valid JSON"), std::string::npos);
}

TEST(ParseJson, RefusesDeepNesting) {
  EXPECT_NO_THROW(parse_json(std::string(64, '[') + std::string(64, ']'), "file"));
  EXPECT_NE(error_of([] { parse_json(std::string(100'000, '['), "file"); }).find("64 levels"),
            std::string::npos);
  EXPECT_NO_THROW(parse_json("\"" + std::string(100, '[') + "\\\"" + "\"", "file"));
}

TEST(ReadJsonFile, NamesTheFile) {
  const testing::TemporaryFolder folder;
  write_file_atomic(folder.file("a.json"), "{\"a\": 1}");
  EXPECT_EQ(read_json_file(folder.file("a.json"))["a"], 1);
  EXPECT_NE(error_of([&] { read_json_file(folder.file("a.json"), 3); }).find("a.json"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read_json_file(folder.file("b.json")); }).find("b.json"),
            std::string::npos);
}

struct Narrow {
  int32_t narrow = 0;
  uint64_t wide = 0;
  float real = 0;
  template <class Visitor>
  void visit(Visitor& v) {
    v("narrow", narrow, "");
    v("wide", wide, "");
    v("real", real, "");
  }
};

TEST(Config, RefusesNumbersThatDoNotFit) {
  Narrow config;
  config_from_json(parse_json(R"({"narrow": -7, "wide": 18446744073709551615})", "t"), config, "t");
  EXPECT_EQ(config.narrow, -7);
  EXPECT_EQ(config.wide, ~uint64_t{0});
  EXPECT_THROW(config_from_json(parse_json(R"({"narrow": 4294967296})", "t"), config, "t"), Error);
  EXPECT_THROW(config_from_json(parse_json(R"({"wide": -1})", "t"), config, "t"), Error);
  EXPECT_THROW(config_from_json(parse_json(R"({"real": 1e300})", "t"), config, "t"), Error);
}

TEST(ParseJson, CountsLevelsBesideComments) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_THROW(parse_json("// \"\n" + deep, "test"), Error);
  EXPECT_THROW(parse_json("/* \" */" + deep, "test"), Error);
  EXPECT_THROW(parse_json("/*", "test"), Error);
  EXPECT_EQ(parse_json("// " + std::string(100, '[') + "\n/* {{ */ 1", "test"), 1);
}

}  // namespace
}  // namespace flamingo
