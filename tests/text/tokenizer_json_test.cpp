#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "tests/support/seed.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::text {
namespace {

using Ids = std::vector<int32_t>;
using testing::error_of;
using testing::parse_tokenizer;
using testing::small_tokenizer;

std::string message_for(const Json& changes) {
  return error_of([&] { parse_tokenizer(small_tokenizer(changes)); });
}

TEST(TokenizerJson, PostProcessors) {
  const Json bert = {{"type", "BertProcessing"}, {"sep", {"b", 1}}, {"cls", {"a", 0}}};
  EXPECT_EQ(parse_tokenizer(small_tokenizer({{"post_processor", bert}})).encode("c", true),
            (Ids{0, 2, 1}));
  const Json special = {{"SpecialToken", {{"id", "x"}, {"type_id", 0}}}};
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json both = {
      {"type", "TemplateProcessing"},
      {"single", {special, text, special}},
      {"special_tokens", {{"x", {{"id", "x"}, {"ids", {1, 2}}, {"tokens", {"b", "c"}}}}}}};
  const Json sequence = {{"type", "Sequence"}, {"processors", {both, bert}}};
  EXPECT_EQ(parse_tokenizer(small_tokenizer({{"post_processor", both}})).encode("a", true),
            (Ids{1, 2, 0, 1, 2}));
  EXPECT_EQ(parse_tokenizer(small_tokenizer({{"post_processor", sequence}})).encode("a", true),
            (Ids{0, 1, 2, 0, 1, 2, 1}));
}

TEST(TokenizerJson, GuessesWhatBeginsAText) {
  const auto bos = [](const std::vector<std::string>& names, const Json& more = Json::object()) {
    Json added = Json::array();
    for (size_t i = 0; i < names.size(); ++i)
      added.push_back({{"id", 5 + i}, {"content", names[i]}, {"special", true}});
    Json changes = more;
    changes["added_tokens"] = added;
    return parse_tokenizer(small_tokenizer(changes)).bos_id();
  };
  EXPECT_EQ(bos({"</s>", "<s>"}), 6);
  EXPECT_EQ(bos({"<pad>", "</s>"}), 6);  // OPT
  EXPECT_EQ(bos({"<|endoftext|>", "</s>"}), 6);
  EXPECT_EQ(bos({"<|endoftext|>"}), 5);
  EXPECT_EQ(bos({"<pad>"}), std::nullopt);
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json mark = {{"SpecialToken", {{"id", "x"}, {"type_id", 0}}}};
  const Json processor = {
      {"type", "TemplateProcessing"},
      {"single", {mark, text}},
      {"special_tokens", {{"x", {{"id", "x"}, {"ids", {1}}, {"tokens", {"b"}}}}}}};
  EXPECT_EQ(bos({"<s>"}, {{"post_processor", processor}}), 1);
}

TEST(TokenizerJson, AddedTokensGetIdsInOrder) {
  const Json added = {{{"id", 3}, {"content", "ab"}, {"special", false}, {"normalized", false}},
                      {{"id", 5}, {"content", "new"}, {"special", true}}};
  const Tokenizer tokenizer = parse_tokenizer(small_tokenizer({{"added_tokens", added}}));
  EXPECT_EQ(tokenizer.encode("cabnew"), (Ids{2, 3, 5}));
  EXPECT_FALSE(tokenizer.is_special(3));
  EXPECT_TRUE(tokenizer.is_special(5));
  EXPECT_EQ(tokenizer.vocab_size(), 6);
}

TEST(TokenizerJson, NamesWhatIsUnknownOrDamaged) {
  EXPECT_NE(message_for({{"normalizer", {{"type", "Lowercase"}}}}).find("Lowercase"),
            std::string::npos);
  EXPECT_NE(message_for({{"pre_tokenizer", {{"type", "Odd"}}}}).find("pre_tokenizer"),
            std::string::npos);
  EXPECT_NE(message_for({{"decoder", {{"type", "CTC"}}}}).find("decoder"), std::string::npos);
  EXPECT_NE(message_for({{"post_processor", {{"type", "Odd"}}}}).find("Odd"), std::string::npos);
  EXPECT_NE(message_for({{"model", {{"type", "WordPiece"}}}}).find("WordPiece"), std::string::npos);
  EXPECT_NE(message_for({{"model", nullptr}}).find("model"), std::string::npos);
  EXPECT_NE(message_for({{"added_tokens", 4}}).find("added_tokens"), std::string::npos);
  EXPECT_NE(message_for({{"added_tokens", {{{"id", -1}, {"content", "x"}}}}}).find("id"),
            std::string::npos);
  EXPECT_NE(message_for({{"added_tokens", {{{"id", 99999999}, {"content", "x"}}}}}).find("below"),
            std::string::npos);
  const Json far_cls = {{"type", "BertProcessing"}, {"sep", {"b", 1}}, {"cls", {"a", 99}}};
  EXPECT_NE(message_for({{"post_processor", far_cls}}).find("cls"), std::string::npos);
}

TEST(TokenizerJson, NamesTheFile) {
  EXPECT_NE(error_of([] { Tokenizer::from_file("/no/such/tokenizer.json"); }).find("/no/such"),
            std::string::npos);
  EXPECT_NE(error_of([] { Tokenizer::from_json("{]", "my.json"); }).find("my.json"),
            std::string::npos);
  EXPECT_NE(error_of([] { Tokenizer::from_json("[]", "my.json"); }).find("my.json"),
            std::string::npos);
}

/// Loads or refuses, and what loads must work.
void expect_survives(const std::string& text) {
  try {
    const Tokenizer tokenizer = Tokenizer::from_json(text, "damaged");
    tokenizer.decode(tokenizer.encode("The quick  brown fox, 12 caf\xc3\xa9s.", true));
  } catch (const Error&) {
  }
}

TEST(TokenizerJson, SurvivesPrefixesAndByteFlips) {
  const std::string text = testing::golden_bytes("tokenizers/neox-like/tokenizer.json");
  constexpr uint64_t kStride = 7;  // seven seeds try every length
  for (size_t size = testing::run_seed() % kStride; size < text.size(); size += kStride)
    expect_survives(text.substr(0, size));
  Rng rng(testing::seeded(8));
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = text;
    damaged[rng.below(damaged.size())] ^= static_cast<char>(1u << rng.below(8));
    expect_survives(damaged);
  }
}

TEST(TokenizerJson, SurvivesBadValuesInEveryNumber) {
  Json json = Json::parse(testing::golden_bytes("tokenizers/neox-like/tokenizer.json"));
  const Json flat = json.flatten();
  const std::vector<Json> bad = {-1, 0, int64_t{1} << 31, 1e300, "x"};
  uint64_t next = testing::run_seed();  // as many seeds try each value in each number
  for (const auto& [path, number] : flat.items()) {
    if (!number.is_number()) continue;
    Json& place = json[Json::json_pointer(path)];
    place = bad[next++ % bad.size()];
    expect_survives(json.dump());
    place = number;
  }
}

TEST(TokenizerJson, RefusesDeepNesting) {
  const std::string deep(200000, '[');
  EXPECT_FALSE(error_of([&] { Tokenizer::from_json(deep, "deep"); }).empty());
}

}  // namespace
}  // namespace flamingo::text
