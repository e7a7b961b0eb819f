#include "flamingo/text/regex.h"

#include <gtest/gtest.h>

#include <sstream>

#include "flamingo/text/pre_tokenizer.h"
#include "tests/io/byte_builder.h"

namespace flamingo::text {
namespace {

using Matches = std::vector<std::string>;
using testing::error_of;

/// Matches as "begin-end".
Matches matches(const char* source, std::string_view text) {
  Matches out;
  Regex(source, "test").for_each_match(text, [&](size_t begin, size_t end) {
    out.push_back(std::to_string(begin) + "-" + std::to_string(end));
  });
  return out;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class RegexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_regex_engine()) GTEST_SKIP() << "built without PCRE2";
  }
};

TEST_F(RegexTest, FindsFromLeftToRight) {
  EXPECT_EQ(matches("b+", "abbab"), (Matches{"1-3", "4-5"}));
  EXPECT_EQ(matches("\xc3\xa9", "\xc3\xa9-\xc3\xa9"), (Matches{"0-2", "3-5"}));
  EXPECT_EQ(matches("x", ""), Matches{});
}

TEST_F(RegexTest, EmptyMatchesStandApartFromOthers) {
  EXPECT_EQ(matches("(?=[A-Z])", "fooBarB"), (Matches{"3-3", "6-6"}));
  EXPECT_EQ(matches("x*", "axxb"), (Matches{"0-0", "1-3", "4-4"}));
  EXPECT_EQ(matches("$", "a\xc3\xa9"), (Matches{"3-3"}));
}

// Nested repeats of one text need 2^30 steps; a run of groups needs memory for each of them.
TEST_F(RegexTest, StopsAtItsLimits) {
  const std::string slow = error_of([] { matches("(?:a+)+[bc]", "d" + std::string(30, 'a')); });
  EXPECT_TRUE(contains(slow, "[test] expected to match \"(?:a+)+[bc]\" within limits")) << slow;
  EXPECT_TRUE(contains(slow, "at byte 0 of 31")) << slow;
  const std::string deep = error_of([] { matches("(?:(a)|b)*[cd]", std::string(1'000'000, 'a')); });
  EXPECT_TRUE(contains(deep, "limit")) << deep;
}

TEST_F(RegexTest, RefusesBadExpressionsAndNamesThePlace) {
  const std::string open = error_of([] { Regex("ab(c", "pre.pattern"); });
  EXPECT_TRUE(contains(open, "[pre.pattern]") && contains(open, "ab(c")) << open;
  EXPECT_TRUE(contains(open, "at its byte 4")) << open;
  const std::string unknown = error_of([] { Regex(R"(\w\p{Nothing}x)", "p"); });
  EXPECT_TRUE(contains(unknown, "at its byte 13")) << unknown;  // behind the property
  const std::string large = error_of([] { Regex("(?:(?:a{9999}){9999}){9999}", "p"); });
  EXPECT_TRUE(contains(large, "too large")) << large;
  EXPECT_TRUE(contains(error_of([] { Regex(std::string(9000, 'a'), "p"); }), "8192"));
  EXPECT_TRUE(contains(error_of([] { Regex(std::string(1000, '('), "p"); }), "at its byte"));
}

TEST_F(RegexTest, RefusesTextThatIsNotUtf8) {
  EXPECT_TRUE(contains(error_of([] { matches("a", "b\xff"); }), "UTF-8"));
}

TEST_F(RegexTest, EqualsTheTokenizersLibrary) {
  std::istringstream lines(
      read_file(FLAMINGO_GOLDEN_DIR "/split-patterns/pieces.jsonl", uint64_t{1} << 20));
  size_t compared = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json item = parse_json(line, "pieces.jsonl");
    const PreTokenizer split = PreTokenizer::from_json({{"type", "Split"},
                                                        {"pattern", {{"Regex", item["pattern"]}}},
                                                        {"behavior", item["behavior"]},
                                                        {"invert", false}},
                                                       "test");
    for (size_t i = 0; i < item["texts"].size(); ++i) {
      std::vector<std::string> pieces;
      const auto text = item["texts"][i].get<std::string>();
      split.split(text, true, [&](std::string_view piece) { pieces.emplace_back(piece); });
      EXPECT_EQ(Json(pieces), item["pieces"][i]) << item["pattern"] << " of " << item["texts"][i];
      ++compared;
    }
  }
  EXPECT_EQ(compared, 4u * 64u);
}

}  // namespace
}  // namespace flamingo::text
