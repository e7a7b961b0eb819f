#include <gtest/gtest.h>

#include <map>

#include "flamingo/io/gguf.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::text {
namespace {

using Ids = std::vector<int32_t>;
using testing::GgufBuilder;

/// The vocabulary of a golden tokenizer, by id, with its merges as lines.
struct Parts {
  std::vector<std::string> tokens;
  std::vector<std::string> merges;
};

Parts golden_parts(const std::string& name) {
  const Json model = read_json_file(testing::tokenizer_path(name))["model"];
  Parts parts;
  parts.tokens.resize(model["vocab"].size());
  for (const auto& [token, id] : model["vocab"].items()) parts.tokens[id.get<size_t>()] = token;
  for (const Json& merge : model["merges"]) {
    parts.merges.push_back(merge.is_string()
                               ? merge.get<std::string>()
                               : merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }
  return parts;
}

Tokenizer load(const GgufBuilder& builder) {
  const std::string bytes = builder.bytes();
  return Tokenizer::from_gguf(io::Gguf::parse(testing::as_bytes(bytes), "test.gguf"));
}

GgufBuilder gpt2_file(const char* pre) {
  GgufBuilder builder;
  builder.string("tokenizer.ggml.model", "gpt2")
      .string("tokenizer.ggml.pre", pre)
      .strings("tokenizer.ggml.tokens", {"a", "b", "ab", "<s>", "\xc4\xa0"})
      .strings("tokenizer.ggml.merges", {"a b"})
      .integers("tokenizer.ggml.token_type", {1, 1, 1, 3, 1});
  return builder;
}

void expect_golden_ids(const Tokenizer& tokenizer, const std::string& name) {
  testing::for_each_json_line("tokenizers/" + name + "/encode.jsonl", [&](const Json& item) {
    const auto text = item["text"].get<std::string>();
    const Ids ids = item["ids"].get<Ids>();
    EXPECT_EQ(tokenizer.encode(text), ids) << text;
    EXPECT_EQ(tokenizer.encode(text, true), item.value("ids_with_special", ids)) << text;
    EXPECT_EQ(tokenizer.decode(ids), item["decoded"]) << text;
  });
}

TEST(TokenizerGguf, SmollmEqualsItsTokenizerJson) {
  const Parts parts = golden_parts("smollm2");
  std::vector<int32_t> types(parts.tokens.size(), 1);
  std::fill_n(types.begin(), 17, 3);
  GgufBuilder builder;
  builder.string("tokenizer.ggml.model", "gpt2")
      .string("tokenizer.ggml.pre", "smollm")
      .strings("tokenizer.ggml.tokens", parts.tokens)
      .strings("tokenizer.ggml.merges", parts.merges)
      .integers("tokenizer.ggml.token_type", types);
  expect_golden_ids(load(builder), "smollm2");
}

TEST(TokenizerGguf, LlamaByScoresEqualsItsMerges) {
  const Parts parts = golden_parts("llama");
  std::vector<int32_t> types(parts.tokens.size(), 1);
  std::vector<float> scores(parts.tokens.size());
  types[0] = 2;
  types[1] = types[2] = 3;
  for (size_t id = 3; id < types.size(); ++id) {
    if (id < 259) types[id] = 6;
    scores[id] = -1e6f;
  }
  std::map<std::string, size_t> ids;
  for (size_t id = 0; id < parts.tokens.size(); ++id) ids[parts.tokens[id]] = id;
  for (size_t rank = parts.merges.size(); rank-- > 0;) {  // a token's score is its best merge
    std::string token = parts.merges[rank];
    token.erase(token.find(' '), 1);
    scores[ids.at(token)] = -static_cast<float>(rank);
  }
  GgufBuilder builder;
  builder.string("tokenizer.ggml.model", "llama")
      .strings("tokenizer.ggml.tokens", parts.tokens)
      .floats("tokenizer.ggml.scores", scores)
      .integers("tokenizer.ggml.token_type", types)
      .integer("tokenizer.ggml.bos_token_id", 1)
      .integer("tokenizer.ggml.eos_token_id", 2)
      .integer("tokenizer.ggml.unknown_token_id", 0);
  const Tokenizer tokenizer = load(builder);
  EXPECT_EQ(tokenizer.bos_id(), 1);
  expect_golden_ids(tokenizer, "llama");
}

TEST(TokenizerGguf, TokenTypesAndFlags) {
  GgufBuilder builder = gpt2_file("gpt-2");
  builder.integer("tokenizer.ggml.bos_token_id", 3).integer("tokenizer.ggml.eos_token_id", 3);
  EXPECT_EQ(load(builder).encode("ab", true), (Ids{2}));
  builder.boolean("tokenizer.ggml.add_bos_token", true)
      .boolean("tokenizer.ggml.add_eos_token", true);
  const Tokenizer tokenizer = load(builder);
  EXPECT_EQ(tokenizer.encode("ab", true), (Ids{3, 2, 3}));
  EXPECT_EQ(tokenizer.encode("a<s>"), (Ids{0, 3}));
  EXPECT_TRUE(tokenizer.is_special(3));
}

TEST(TokenizerGguf, WarnsWhenThePreTokenizerIsGuessed) {
  GgufBuilder none;
  none.string("tokenizer.ggml.model", "gpt2")
      .strings("tokenizer.ggml.tokens", {"a", "b", "ab"})
      .strings("tokenizer.ggml.merges", {"a b"});
  const auto warnings = load(none).warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("names no pre-tokenizer"), std::string::npos) << warnings[0];
  const auto odd = load(gpt2_file("odd\n")).warnings();
  ASSERT_EQ(odd.size(), 1u);
  EXPECT_NE(odd[0].find("\"odd?\" is unknown"), std::string::npos) << odd[0];
  EXPECT_EQ(load(gpt2_file("odd")).encode("ab"), (Ids{2}));
  for (const char* foreign : {"deepseek-coder", "deepseek-llm", "tekken", "gpt-4o", "viking"}) {
    const Tokenizer tokenizer = load(gpt2_file(foreign));
    ASSERT_EQ(tokenizer.warnings().size(), 1u) << foreign;
    EXPECT_NE(tokenizer.warnings()[0].find("not one of this program's"), std::string::npos);
    EXPECT_EQ(tokenizer.encode("ab"), (Ids{2})) << foreign;
  }
  for (const char* known : {"default", "gpt-2", "llama-bpe", "falcon3", "qwen2"})
    EXPECT_TRUE(load(gpt2_file(known)).warnings().empty()) << known;
  GgufBuilder scores;
  scores.string("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", {"<unk>", "a"});
  EXPECT_TRUE(load(scores).warnings().empty());
  EXPECT_TRUE(load(gpt2_file("odd")).with_special_token("<x>").warnings().size() == 1);
}

TEST(TokenizerGguf, RefusesVocabulariesThatAreNotByteLevel) {
  for (const char* pre : {"gemma4", "sarvam-moe", "whitespace"}) {
    const auto message = testing::error_of([&] { load(gpt2_file(pre)); });
    EXPECT_NE(message.find("expected a byte-level vocabulary"), std::string::npos) << message;
  }
}

TEST(TokenizerGguf, AddsBosWhereTheVocabularyImpliesIt) {
  for (const char* pre : {"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"}) {
    EXPECT_EQ(load(gpt2_file(pre).integer("tokenizer.ggml.bos_token_id", 3)).encode("ab", true),
              (Ids{3, 2}))
        << pre;
  }
  const auto told = [](bool adds) {
    return load(gpt2_file("llama-bpe")
                    .integer("tokenizer.ggml.bos_token_id", 3)
                    .boolean("tokenizer.ggml.add_bos_token", adds))
        .encode("ab", true);
  };
  EXPECT_EQ(told(false), (Ids{2}));
  EXPECT_EQ(told(true), (Ids{3, 2}));
  for (const char* pre : {"default", "gpt-2", "qwen2", "smollm"})
    EXPECT_EQ(load(gpt2_file(pre).integer("tokenizer.ggml.bos_token_id", 3)).encode("ab", true),
              (Ids{2}))
        << pre;
}

TEST(TokenizerGguf, TakesLlamaCppsIdsWhereTheFileNamesNone) {
  GgufBuilder scores;
  scores.string("tokenizer.ggml.model", "llama")
      .strings("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>", "a"})
      .integers("tokenizer.ggml.token_type", {2, 3, 3, 1});
  EXPECT_EQ(load(scores).bos_id(), 1);
  EXPECT_EQ(load(scores).eos_id(), 2);
  std::vector<std::string> tokens;
  for (int i = 0; i < 12; ++i) tokens.push_back("t" + std::to_string(i));
  const auto falcon = [&](int32_t type) {
    std::vector<int32_t> types(12, 1);
    types[11] = type;
    GgufBuilder builder;
    builder.string("tokenizer.ggml.model", "gpt2")
        .string("tokenizer.ggml.pre", "falcon")
        .strings("tokenizer.ggml.tokens", tokens)
        .strings("tokenizer.ggml.merges", {})
        .integers("tokenizer.ggml.token_type", types);
    return load(builder).eos_id();
  };
  EXPECT_EQ(falcon(3), 11);
  EXPECT_EQ(falcon(1), std::nullopt);
  EXPECT_EQ(load(gpt2_file("gpt-2")).bos_id(), std::nullopt);
}

TEST(TokenizerGguf, NamesDamage) {
  const auto message = [](const GgufBuilder& builder) {
    return testing::error_of([&] { load(builder); });
  };
  EXPECT_NE(message(gpt2_file("gpt-2").integer("tokenizer.ggml.bos_token_id", 77)).find("77"),
            std::string::npos);
  EXPECT_NE(
      message(gpt2_file("gpt-2").integer("tokenizer.ggml.add_bos_token", 1)).find("true or false"),
      std::string::npos);
  EXPECT_NE(message(GgufBuilder().string("tokenizer.ggml.model", "gpt2")).find("tokens"),
            std::string::npos);
  GgufBuilder bert;
  bert.string("tokenizer.ggml.model", "bert").strings("tokenizer.ggml.tokens", {"a"});
  EXPECT_NE(message(bert).find("bert"), std::string::npos);
  GgufBuilder types;
  types.string("tokenizer.ggml.model", "llama")
      .strings("tokenizer.ggml.tokens", {"a", "b"})
      .integers("tokenizer.ggml.token_type", {1});
  EXPECT_NE(message(types).find("token_type"), std::string::npos);
  GgufBuilder bytes;
  bytes.string("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", {"\xff"});
  EXPECT_NE(message(bytes).find("UTF-8"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::text
