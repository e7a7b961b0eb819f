#include "flamingo/document/foreign_json.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::document {
namespace {

Json read(std::string_view text) { return parse_foreign_json(text, "x"); }

TEST(ForeignJson, NumbersOfPython) {
  const Json json = read(
      R"({"a": NaN, "b": [Infinity, -Infinity, -1.5, 1e999, -1e999, 1e-999, 2E5], "c": true})");
  EXPECT_TRUE(json["a"].is_null());
  for (const int i : {0, 1, 3, 4}) EXPECT_TRUE(json["b"][static_cast<size_t>(i)].is_null()) << i;
  EXPECT_EQ(json["b"][2], -1.5);
  EXPECT_EQ(json["b"][5], 0.0);
  EXPECT_EQ(json["b"][6], 2e5);
  EXPECT_EQ(json["c"], true);
}

TEST(ForeignJson, TextsStayWhateverIsInThem) {
  const Json json = read(R"({"NaN": "NaN \"Infinity\" \\", "x": NaN})");
  EXPECT_EQ(json["NaN"], "NaN \"Infinity\" \\");
  EXPECT_EQ(read("{\"a\": \"x\\uD83D\\uDE00\", \"b\": NaN}")["a"], "x\xF0\x9F\x98\x80");
}

TEST(ForeignJson, LoneSurrogatesAndIllFormedBytes) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(read("[\"a\\ud800b\"]")[0], "a" + mark + "b");
  EXPECT_EQ(read("[\"\\uDC00\\uD800\\n\"]")[0], mark + mark + "\n");
  EXPECT_EQ(read("[\"\\ud800\\ud83d\\ude00\"]")[0], mark + "\xF0\x9F\x98\x80");
  EXPECT_EQ(read("[\"caf\xE9\"]")[0], "caf" + mark);
}

TEST(ForeignJson, AByteOrderMarkInFront) {
  EXPECT_EQ(read("\xEF\xBB\xBF{\"a\": 1}")["a"], 1);
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBFx"), "x");
  EXPECT_EQ(without_byte_order_mark("x\xEF\xBB\xBF"), "x\xEF\xBB\xBF");
}

TEST(ForeignJson, OtherFaultsStayErrors) {
  for (const char* text : {"", "{", "[NaN", "[nan]", "[+1]", "[-]", "[NaNa]", "{\"a\": \"\\ud8",
                           "[\"\\u12\"]", "[1e]", "[Infinity", "[\"a]", "\"\\"})
    EXPECT_THROW(read(text), Error) << text;
  EXPECT_THROW(read(std::string(100, '[') + "NaN" + std::string(100, ']')), Error) << "depth";
}

}  // namespace
}  // namespace flamingo::document
