#include "flamingo/text/added_tokens.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::text {
namespace {

/// Cuts `text`; tokens appear in angle quotes.
std::string cut(const std::vector<AddedToken>& tokens, std::string_view text, bool plain = false) {
  AddedTokens added;
  for (const AddedToken& token : tokens) added.add(token, "added");
  added.build(Normalizer());
  std::string out;
  added.split_raw(text, plain, [&](std::string_view piece, const AddedToken* token) {
    out += (token != nullptr ? "{" : "(") + std::string(piece) + (token != nullptr ? "}" : ")");
  });
  return out;
}

TEST(AddedTokens, LeftmostLongest) {
  const std::vector<AddedToken> tokens = {{"ab", 0}, {"abc", 1}, {"cd", 2}};
  EXPECT_EQ(cut(tokens, "xabcd"), "(x){abc}(d)");
  EXPECT_EQ(cut(tokens, "abab"), "{ab}{ab}");
  EXPECT_EQ(cut(tokens, ""), "");
  EXPECT_EQ(cut(tokens, "abx cd"), "{ab}(x ){cd}");
}

TEST(AddedTokens, StripsSpace) {
  EXPECT_EQ(cut({{.content = "<m>", .lstrip = true}}, "a  <m> b"), "(a){  <m>}( b)");
  EXPECT_EQ(cut({{.content = "<m>", .rstrip = true}}, "a <m>  b"), "(a ){<m>  }(b)");
  EXPECT_EQ(cut({{.content = "<m>", .lstrip = true, .rstrip = true}}, "<m> \n <m>"),
            "{<m> \n }{<m>}");
}

TEST(AddedTokens, SpaceTakenByAnEarlierTokenIsNoToken) {
  const std::vector<AddedToken> tokens = {{.content = "  ", .lstrip = true, .rstrip = true}};
  EXPECT_EQ(cut(tokens, "a      b"), "(a){      }(b)");
}

TEST(AddedTokens, SingleWords) {
  const std::vector<AddedToken> tokens = {{.content = "cat", .single_word = true}};
  EXPECT_EQ(cut(tokens, "cat concat cats cat."), "{cat}( concat cats ){cat}(.)");
  EXPECT_EQ(cut(tokens,
                "_cat \xc3\xa9"
                "cat"),
            "(_cat \xc3\xa9"
            "cat)");
}

TEST(AddedTokens, PlainTextKeepsSpecialTokensAsText) {
  const std::vector<AddedToken> tokens = {{.content = "<s>", .special = true}, {.content = "  "}};
  EXPECT_EQ(cut(tokens, "a<s>  b"), "(a){<s>}{  }(b)");
  EXPECT_EQ(cut(tokens, "a<s>  b", true), "(a<s>){  }(b)");
}

TEST(AddedTokens, FindsByContentAndId) {
  AddedTokens added;
  added.add({.content = "x", .id = 7, .special = true}, "added");
  added.add({.content = "", .id = 8}, "added");
  EXPECT_EQ(added.find("x")->id, 7);
  EXPECT_EQ(added.find(int32_t{7})->content, "x");
  EXPECT_EQ(added.find(int32_t{8}), nullptr);
  EXPECT_TRUE(added.is_special("x"));
  EXPECT_FALSE(added.is_special("y"));
  EXPECT_EQ(added.max_id(), 7);
}

TEST(AddedTokens, NormalizedTokensPassTheNormalizer) {
  AddedTokens added;
  added.add({.content = "e\xcc\x81", .id = 1, .normalized = true}, "added");
  added.build(Normalizer::from_json(Json{{"type", "NFC"}}, "n"));
  int found = 0;
  added.split_normalized("a\xc3\xa9", false, [&](std::string_view, const AddedToken* token) {
    found += token != nullptr;
  });
  EXPECT_EQ(found, 1);
}

TEST(AddedTokens, TheSecondOfTwoReplacesTheFirst) {
  AddedTokens added;
  added.add({.content = "x", .id = 1, .normalized = true}, "added");
  added.add({.content = "x", .id = 1, .lstrip = true}, "added");
  added.build(Normalizer());
  ASSERT_EQ(added.tokens().size(), 1u);
  EXPECT_TRUE(added.find("x")->lstrip);
  int found = 0;
  const auto count = [&](std::string_view, const AddedToken* token) { found += token != nullptr; };
  added.split_raw("x", false, count);
  added.split_normalized("x", false, count);
  EXPECT_EQ(found, 2);  // sought in both texts
  added.add({.content = "x", .id = 1, .special = true, .normalized = true}, "added");
  added.add({.content = "x", .id = 1}, "added");
  added.build(Normalizer());
  EXPECT_TRUE(added.is_special("x"));
  added.split_raw("x", false, count);
  EXPECT_EQ(found, 2);
}

TEST(AddedTokens, RefusesHugeTokens) {
  AddedTokens added;
  const std::string content(AddedTokens::kMaxContent + 1, 'a');
  EXPECT_NE(testing::error_of([&] { added.add({.content = content}, "added"); }).find("4096"),
            std::string::npos);
}

TEST(StringMatcher, FirstOfEqualStringsWins) {
  StringMatcher matcher;
  matcher.add("a", 3);
  matcher.add("a", 4);
  matcher.add("", 5);
  ASSERT_TRUE(matcher.longest_at("a", 0).has_value());
  EXPECT_EQ(matcher.longest_at("a", 0)->value, 3u);
  EXPECT_FALSE(matcher.longest_at("b", 0).has_value());
}

}  // namespace
}  // namespace flamingo::text
