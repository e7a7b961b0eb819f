#include "flamingo/text/tokenizer.h"

#include <gtest/gtest.h>

#include "flamingo/core/rng.h"
#include "tests/core/temporary_folder.h"
#include "tests/support/seed.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::text {
namespace {

using Ids = std::vector<int32_t>;

class GoldenTokenizer : public ::testing::TestWithParam<const char*> {
 protected:
  std::string file(const char* name) const {
    return std::string("tokenizers/") + GetParam() + "/" + name;
  }
  const Tokenizer& tokenizer_ = testing::golden_tokenizer(GetParam());
};

TEST_P(GoldenTokenizer, EncodesAndDecodesText) {
  int lines = 0;
  testing::for_each_json_line(file("encode.jsonl"), [&](const Json& item) {
    const auto text = item["text"].get<std::string>();
    const Ids ids = item["ids"].get<Ids>();
    EXPECT_EQ(tokenizer_.encode(text), ids) << text;
    EXPECT_EQ(tokenizer_.encode(text, true), item.value("ids_with_special", ids)) << text;
    EXPECT_EQ(tokenizer_.decode(ids), item["decoded"]) << text;
    EXPECT_EQ(tokenizer_.decode(ids, true), item["decoded_skip_special"]) << text;
    ++lines;
  });
  EXPECT_EQ(lines, 631);
}

TEST_P(GoldenTokenizer, DecodesAnyIdsAtOnceAndStreamed) {
  int lines = 0;
  testing::for_each_json_line(file("decode.jsonl"), [&](const Json& item) {
    const Ids ids = item["ids"].get<Ids>();
    for (const bool skip : {false, true}) {
      const std::string text = item[skip ? "text_skip_special" : "text"];
      EXPECT_EQ(tokenizer_.decode(ids, skip), text);
      StreamDecoder stream(tokenizer_, skip);
      std::string streamed;
      for (const int32_t id : ids) streamed += stream.push(id);
      EXPECT_EQ(streamed + stream.finish(), text);
    }
    ++lines;
  });
  EXPECT_EQ(lines, 160);
}

TEST_P(GoldenTokenizer, RepairsBytes) {
  int lines = 0;
  testing::for_each_json_line(file("bytes.jsonl"), [&](const Json& item) {
    const auto hex = item["hex"].get<std::string>();
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2) {
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    EXPECT_EQ(tokenizer_.encode(bytes), item["ids"].get<Ids>()) << hex;
    ++lines;
  });
  EXPECT_EQ(lines, 80);
}

TEST_P(GoldenTokenizer, StreamsWholeCharactersOnly) {
  const std::string text = "caf\xc3\xa9 \xf0\x9f\x98\x80\xf0\x9f\x98\x80 \xe4\xbd\xa0!";
  StreamDecoder stream(tokenizer_);
  std::string all;
  for (const int32_t id : tokenizer_.encode(text)) {
    const std::string piece = stream.push(id);
    EXPECT_EQ(piece.find("\xef\xbf\xbd"), std::string::npos);
    all += piece;
  }
  EXPECT_EQ(all + stream.finish(), tokenizer_.decode(tokenizer_.encode(text), true));
}

TEST_P(GoldenTokenizer, PlainTextHasNoSpecialTokens) {
  for (int32_t id = 0; id < tokenizer_.vocab_size(); ++id) {
    if (!tokenizer_.is_special(id)) continue;
    const std::string token = tokenizer_.id_to_token(id);
    for (const std::string& text : {token, "a" + token + token + " b", token + "\n"}) {
      for (const int32_t part : tokenizer_.encode_plain(text)) {
        EXPECT_FALSE(tokenizer_.is_special(part)) << token;
      }
    }
    EXPECT_EQ(tokenizer_.encode(token), Ids{id});
  }
}

TEST_P(GoldenTokenizer, HostileInputFinishes) {
  const auto check = [&](std::string_view unit, size_t size) {
    std::string text;
    while (text.size() < size) text += unit;
    const Ids ids = tokenizer_.encode(text);
    EXPECT_FALSE(ids.empty());
    EXPECT_LE(ids.size(), 3 * text.size() + 1);
  };
  for (const char* unit : {"a", " "}) check(unit, 1000000);
  for (const char* unit : {"\n", "=", "^", "1", "\xc3\xa9", "\xcc\x81", "\xff", "ab", "<", "'"}) {
    check(unit, 100000);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTokenizer,
                         ::testing::Values("gpt2", "smollm2", "llama", "neox-like"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Tokenizer, KnowsItsTokens) {
  const Tokenizer& llama = testing::golden_tokenizer("llama");
  EXPECT_EQ(llama.vocab_size(), 32000);
  EXPECT_EQ(llama.bos_id(), 1);
  EXPECT_EQ(llama.eos_id(), 2);
  EXPECT_EQ(llama.token_to_id("</s>"), 2);
  EXPECT_FALSE(llama.token_to_id("no such token").has_value());
  EXPECT_EQ(llama.id_to_token(1), "<s>");
  EXPECT_EQ(llama.id_to_token(-5), "");
  EXPECT_TRUE(llama.is_special(1));
  EXPECT_FALSE(llama.is_special(300));
}

TEST(Tokenizer, AddsSpecialTokensToACopy) {
  const Tokenizer& gpt2 = testing::golden_tokenizer("gpt2");
  const Tokenizer more = gpt2.with_special_token("<EOC>");
  EXPECT_EQ(more.token_to_id("<EOC>"), 50257);
  EXPECT_EQ(more.vocab_size(), 50258);
  EXPECT_EQ(more.encode("a<EOC>"), (Ids{64, 50257}));
  EXPECT_EQ(gpt2.vocab_size(), 50257);
  EXPECT_EQ(gpt2.encode("a<EOC>").size(), gpt2.encode_plain("a<EOC>").size());
  EXPECT_EQ(more.with_special_token("<EOC>").vocab_size(), 50258);
  EXPECT_EQ(more.with_special_token("<|endoftext|>").token_to_id("<|endoftext|>"), 50256);
}

TEST(Tokenizer, ReadsBosAndEosFromTheConfigBeside) {
  const testing::TemporaryFolder folder;
  const Json added = {{{"id", 5}, {"content", "[B]"}, {"special", true}},
                      {{"id", 6}, {"content", "[E]"}, {"special", true}}};
  const Json json = testing::small_tokenizer({{"added_tokens", added}});
  write_file_atomic(folder.file("tokenizer.json"), json.dump());
  EXPECT_FALSE(Tokenizer::from_file(folder.file("tokenizer.json")).bos_id().has_value());
  write_file_atomic(folder.file("tokenizer_config.json"),
                    R"({"bos_token": "[B]", "eos_token": {"content": "[E]"}})");
  const Tokenizer tokenizer = Tokenizer::from_file(folder.file("tokenizer.json"));
  EXPECT_EQ(tokenizer.bos_id(), 5);
  EXPECT_EQ(tokenizer.eos_id(), 6);
}

TEST(Tokenizer, StreamEqualsDecodeForRandomIds) {
  Rng rng(testing::seeded(7));
  for (const char* name : {"llama", "neox-like"}) {
    const Tokenizer& tokenizer = testing::golden_tokenizer(name);
    for (int round = 0; round < 300; ++round) {
      Ids ids(rng.below(20));
      for (int32_t& id : ids) id = static_cast<int32_t>(rng.below(400));
      StreamDecoder stream(tokenizer, false);
      std::string streamed;
      for (const int32_t id : ids) streamed += stream.push(id);
      EXPECT_EQ(streamed + stream.finish(), tokenizer.decode(ids));
    }
  }
}

}  // namespace
}  // namespace flamingo::text
