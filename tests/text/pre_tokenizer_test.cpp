#include "flamingo/text/pre_tokenizer.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::text {
namespace {

using Pieces = std::vector<std::string>;

Pieces split(const Json& json, std::string_view text, bool at_start = true) {
  Pieces out;
  PreTokenizer::from_json(json, "pre_tokenizer").split(text, at_start, [&](std::string_view piece) {
    out.emplace_back(piece);
  });
  return out;
}

Json split_on(const char* behavior, bool invert = false) {
  return {{"type", "Split"},
          {"pattern", {{"String", "-"}}},
          {"behavior", behavior},
          {"invert", invert}};
}

TEST(PreTokenizer, SplitBehaviors) {
  const std::string text = "a--b-";
  EXPECT_EQ(split(split_on("Removed"), text), (Pieces{"a", "b"}));
  EXPECT_EQ(split(split_on("Isolated"), text), (Pieces{"a", "-", "-", "b", "-"}));
  EXPECT_EQ(split(split_on("MergedWithPrevious"), text), (Pieces{"a-", "-", "b-"}));
  EXPECT_EQ(split(split_on("MergedWithNext"), text), (Pieces{"a", "-", "-b", "-"}));
  EXPECT_EQ(split(split_on("Contiguous"), text), (Pieces{"a", "--", "b", "-"}));
  EXPECT_EQ(split(split_on("Removed", true), text), (Pieces{"-", "-", "-"}));
}

TEST(PreTokenizer, Metaspace) {
  const auto metaspace = [](const char* scheme, bool cut) {
    return Json{
        {"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", scheme}, {"split", cut}};
  };
  EXPECT_EQ(split(metaspace("always", true), "a b"), (Pieces{"_a", "_b"}));
  EXPECT_EQ(split(metaspace("always", false), "a b"), (Pieces{"_a_b"}));
  EXPECT_EQ(split(metaspace("first", true), "a b", false), (Pieces{"a", "_b"}));
  EXPECT_EQ(split(metaspace("first", true), "a b", true), (Pieces{"_a", "_b"}));
  EXPECT_EQ(split(metaspace("never", true), "a b"), (Pieces{"a", "_b"}));
  EXPECT_EQ(split(metaspace("always", true), " a"), (Pieces{"_a"}));
}

TEST(PreTokenizer, ByteLevelAndDigits) {
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  EXPECT_EQ(split(bytes, "a b1"), (Pieces{"a",
                                          "\xc4\xa0"
                                          "b",
                                          "1"}));
  EXPECT_EQ(split({{"type", "ByteLevel"}}, "a"), (Pieces{"\xc4\xa0"
                                                         "a"}));
  EXPECT_EQ(split({{"type", "ByteLevel"}}, " a"), (Pieces{"\xc4\xa0"
                                                          "a"}));
  EXPECT_EQ(split({{"type", "Digits"}, {"individual_digits", true}}, "a12"),
            (Pieces{"a", "1", "2"}));
  EXPECT_EQ(split({{"type", "Digits"}}, "a12"), (Pieces{"a", "12"}));
}

TEST(PreTokenizer, SimpleKinds) {
  EXPECT_EQ(split(nullptr, "a b"), (Pieces{"a b"}));
  EXPECT_EQ(split({{"type", "Whitespace"}}, "a, b"), (Pieces{"a", ",", "b"}));
  EXPECT_EQ(split({{"type", "WhitespaceSplit"}}, "a, b"), (Pieces{"a,", "b"}));
  EXPECT_EQ(split({{"type", "Punctuation"}}, "a,,b"), (Pieces{"a", ",", ",", "b"}));
  EXPECT_EQ(split({{"type", "CharDelimiterSplit"}, {"delimiter", "x"}}, "axb"), (Pieces{"a", "b"}));
  EXPECT_EQ(split(nullptr, ""), Pieces{});
}

TEST(PreTokenizer, GgufNames) {
  const auto named = [](const char* name, std::string_view text) {
    Pieces out;
    PreTokenizer::from_gguf_name(name, "pre").split(text, true, [&](std::string_view piece) {
      out.emplace_back(piece);
    });
    return out;
  };
  EXPECT_EQ(named("gpt-2", "ab123"), (Pieces{"ab", "123"}));
  EXPECT_EQ(named("smollm", "ab123"), (Pieces{"ab", "1", "2", "3"}));
  EXPECT_EQ(named("default", "a,1234"), (Pieces{"a", ",", "123", "4"}));
  EXPECT_EQ(named("llama-bpe", "1234"), (Pieces{"123", "4"}));
  EXPECT_EQ(named("qwen2", "12"), (Pieces{"1", "2"}));
  EXPECT_NE(testing::error_of([&] { named("nonesuch", "a"); }).find("nonesuch"), std::string::npos);
}

TEST(PreTokenizer, NamesUnknownParts) {
  EXPECT_NE(testing::error_of([] {
              split({{"type", "UnicodeScripts"}}, "a");
            }).find("UnicodeScripts"),
            std::string::npos);
  EXPECT_NE(testing::error_of([] { split(split_on("Sideways"), "a"); }).find("Sideways"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::text
