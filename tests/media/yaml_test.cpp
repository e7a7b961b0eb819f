#include "flamingo/media/yaml.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "tests/support/seed.h"

namespace flamingo::media {
namespace {

Json parse(const std::string& text) { return parse_yaml(text, "test.yaml"); }

TEST(YamlTest, ReadsAPromptFile) {
  const Json json = parse(
      "# a prompt\n"
      "shots:\n"
      "  - image: cat.png\n"
      "    text: \"Output: a cat\"\n"
      "  - {video: clip.mp4, text: 'It''s moving'}\n"
      "query: |\n"
      "  two\n"
      "  lines\n");
  EXPECT_EQ(json["shots"].size(), 2u);
  EXPECT_EQ(json["shots"][0]["image"], "cat.png");
  EXPECT_EQ(json["shots"][1]["text"], "It's moving");
  EXPECT_EQ(json["query"], "two\nlines\n");
}

TEST(YamlTest, TypesPlainScalarsByTheCoreSchema) {
  const Json json = parse("[~, null, '', true, False, 12, -3, +4, 0o17, 0x1F, 1.5, -2e3, .5, 5.]");
  const Json expected = {nullptr, nullptr, "", true, false,   12,  -3,
                         4,       15,      31, 1.5,  -2000.0, 0.5, 5.0};
  EXPECT_EQ(json, expected);
  EXPECT_TRUE(std::isnan(parse(".nan").get<double>()));
  EXPECT_EQ(parse("-.inf").get<double>(), -INFINITY);
}

TEST(YamlTest, KeepsOtherWordsAsStrings) {
  for (const char* word : {"yes", "no", "on", "1_000", "0b11", "1e", "--1", "+-1", "0x-1", "nan",
                           "inf", "12abc", "1.2.3", "-", "e5", "0o8"}) {
    EXPECT_EQ(parse(std::string("a: ") + (std::string(word) == "-" ? "'-'" : word))["a"], word);
  }
  EXPECT_EQ(parse("a: '12'")["a"], "12");
  EXPECT_EQ(parse("a: !!str 12")["a"], "12");
}

TEST(YamlTest, ExpandsAliases) {
  const Json json = parse("base: &b [1, 2]\nagain: *b\n");
  EXPECT_EQ(json["again"], Json({1, 2}));
}

TEST(YamlTest, RefusesMistakesWithTheirLine) {
  try {
    parse("a: 1\nb: [1, 2\n");
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("test.yaml:"), std::string::npos) << error.what();
  }
  EXPECT_THROW(parse(""), Error);
  EXPECT_THROW(parse("a: 1\n---\nb: 2\n"), Error);
  EXPECT_THROW(parse("a: 1\na: 2\n"), Error);
  EXPECT_THROW(parse("? [1, 2]\n: 3\n"), Error);
  EXPECT_THROW(parse("a: !!python/object:os.system x\n"), Error);
  EXPECT_THROW(parse("a: *nothing\n"), Error);
}

TEST(YamlTest, RefusesBombs) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [";
    for (int k = 0; k < 9; ++k) bomb += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THROW(parse(bomb), Error);
  EXPECT_THROW(parse(std::string(1000, '[') + std::string(1000, ']')), Error);
  EXPECT_THROW(parse(std::string(100'000, '[')), Error);
  EXPECT_THROW(parse("&a [*a]"), Error);
  EXPECT_THROW(parse(std::string(2 << 20, ' ')), Error);
}

TEST(YamlTest, SurvivesFlippedBytes) {
  const std::string text = "shots:\n  - {image: a.png, text: 'x'}\n  - &b [1, 2.5]\nq: *b\n";
  Rng rng(testing::seeded(3));
  for (int i = 0; i < 5000; ++i) {
    std::string copy = text;
    for (int k = 0; k < 3; ++k) copy[rng.below(copy.size())] = static_cast<char>(rng.below(128));
    try {
      EXPECT_FALSE(parse(copy).is_discarded());
    } catch (const Error&) {
      continue;
    }
  }
}

TEST(YamlTest, ReadsFiles) {
  const std::string path = ::testing::TempDir() + "prompt.yaml";
  write_file_atomic(path, "a: 1\n");
  EXPECT_EQ(read_yaml_file(path)["a"], 1);
  EXPECT_THROW(read_yaml_file(path + ".missing"), Error);
  EXPECT_EQ(std::remove(path.c_str()), 0);
}

}  // namespace
}  // namespace flamingo::media
