#include "flamingo/text/bpe_model.h"

#include <gtest/gtest.h>

#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::text {
namespace {

using Ids = std::vector<int32_t>;
using testing::error_of;

Ids encode(const Json& model, std::string_view piece) {
  Ids ids;
  BpeModel::from_json(model, "model")->encode(piece, ids);
  return ids;
}

Json small_model(const Json& changes = Json::object()) {
  Json model = testing::small_tokenizer()["model"];
  model.merge_patch(changes);
  return model;
}

TEST(BpeModel, MergesAndUnknownTokens) {
  EXPECT_EQ(encode(small_model(), "abcab"), (Ids{3, 2, 3}));
  EXPECT_EQ(encode(small_model(), "axyb"), (Ids{0, 4, 4, 1}));
  EXPECT_EQ(encode(small_model({{"fuse_unk", true}}), "axyb"), (Ids{0, 4, 1}));
  EXPECT_EQ(encode(small_model({{"unk_token", nullptr}}), "axyb"), (Ids{3}));
}

TEST(BpeModel, ReadsPairsAndStrings) {
  EXPECT_EQ(encode(small_model({{"merges", Json::parse(R"([["a", "b"]])")}}), "ab"), (Ids{3}));
  EXPECT_EQ(encode(small_model({{"merges", {"#version: 0.2", "a b"}}}), "ab"), (Ids{3}));
  EXPECT_EQ(encode(small_model({{"merges", Json::array()}}), "ab"), (Ids{0, 1}));
}

TEST(BpeModel, ByteFallback) {
  Json model = small_model({{"byte_fallback", true}, {"vocab", {{"<0xC3>", 5}, {"<0xA9>", 6}}}});
  EXPECT_EQ(encode(model, "a\xc3\xa9"), (Ids{0, 5, 6}));
  EXPECT_EQ(encode(model, "a\xc3\xa8"), (Ids{0, 4}));  // <0xA8> is missing
  // As in the peer, bytes overtake an unknown token that waits to be fused.
  EXPECT_EQ(encode(model,
                   "x\xc3\xa9"
                   "a"),
            (Ids{5, 6, 4, 0}));
}

TEST(BpeModel, IgnoreMergesTakesWholePieces) {
  const Json merges = Json::array();
  EXPECT_EQ(encode(small_model({{"ignore_merges", true}, {"merges", merges}}), "ab"), (Ids{3}));
  EXPECT_EQ(encode(small_model({{"ignore_merges", true}, {"merges", merges}}), "aba"),
            (Ids{0, 1, 0}));
}

TEST(BpeModel, PrefixAndSuffix) {
  const Json model = {{"type", "BPE"},
                      {"continuing_subword_prefix", "##"},
                      {"end_of_word_suffix", "</w>"},
                      {"vocab", {{"a", 0}, {"##b", 1}, {"##b</w>", 2}, {"ab", 3}, {"ab</w>", 4}}},
                      {"merges", Json::parse(R"([["a", "##b"], ["a", "##b</w>"]])")}};
  EXPECT_EQ(encode(model, "ab"), (Ids{4}));
  EXPECT_EQ(encode(model, "abb"), (Ids{3, 2}));
}

TEST(BpeModel, CuttingLongPiecesChangesNothing) {
  // Long pieces are cut where no merge reaches across; short ones are not. Both give the same ids.
  const auto model =
      BpeModel::from_json(read_json_file(testing::tokenizer_path("llama"))["model"], "model");
  const std::string word =
      "\xe2\x96\x81the\xe2\x96\x81"
      "end.";
  Ids one;
  model->encode(word, one);
  std::string text;
  Ids expected;
  for (int i = 0; i < 50; ++i) {
    text += word;
    expected.insert(expected.end(), one.begin(), one.end());
  }
  Ids ids;
  model->encode(text, ids);
  EXPECT_EQ(ids, expected);
}

TEST(BpeModel, EmptyTokensAndPiecesAreNoTrouble) {
  const Json model = small_model({{"vocab", {{"", 5}}}, {"unk_token", ""}});
  EXPECT_EQ(encode(model, ""), Ids{});
  const std::string unknown(100, 'x');
  EXPECT_EQ(encode(model, unknown + "ab"), [] {
    Ids ids(100, 5);
    ids.push_back(3);
    return ids;
  }());
}

TEST(BpeModel, NamesDamage) {
  const auto message = [](const Json& changes) {
    return error_of([&] { BpeModel::from_json(small_model(changes), "model"); });
  };
  EXPECT_NE(message({{"type", "Unigram"}}).find("Unigram"), std::string::npos);
  EXPECT_NE(message({{"merges", {"a zzz"}}}).find("zzz"), std::string::npos);
  EXPECT_NE(message({{"merges", {"a c"}}}).find("ac"), std::string::npos);
  EXPECT_NE(message({{"merges", {"abc"}}}).find("\"abc\""), std::string::npos);
  EXPECT_NE(message({{"merges", Json::parse(R"([["a", "b", "c"]])")}}).find("a b"),
            std::string::npos);
  EXPECT_NE(message({{"merges", 3}}).find("list"), std::string::npos);
  EXPECT_NE(message({{"vocab", {{"a", -1}}}}).find("-1"), std::string::npos);
  EXPECT_NE(message({{"vocab", {{"a", 1099511627776}}}}).find("1099511627776"), std::string::npos);
  EXPECT_NE(message({{"vocab", {{"a", 18446744073709551615u}}}}).find("ids"), std::string::npos);
  EXPECT_NE(message({{"vocab", {{"a", 1}}}}).find("two"), std::string::npos);
  EXPECT_NE(message({{"vocab", {{"a", "x"}}}}).find("whole numbers"), std::string::npos);
  EXPECT_NE(message({{"dropout", 0.5}}).find("dropout"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::text
