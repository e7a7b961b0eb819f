#include "flamingo/text/decoder.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::text {
namespace {

using Tokens = std::vector<std::string>;

Decoder parse(const char* json) { return Decoder::from_json(Json::parse(json), "decoder"); }

TEST(Decoder, EachKind) {
  EXPECT_EQ(parse("null").decode({"a", "b"}), "a b");
  EXPECT_EQ(parse(R"({"type": "ByteLevel"})")
                .decode({"\xc4\xa0"
                         "a",
                         "x y"}),
            " ax y");
  EXPECT_EQ(parse(R"({"type": "Fuse"})").decode({"a", "b"}), "ab");
  EXPECT_EQ(parse(R"({"type": "BPEDecoder", "suffix": "</w>"})").decode({"a</w>", "b</w>"}), "a b");
  EXPECT_EQ(parse(R"({"type": "Metaspace", "replacement": "_"})").decode({"_a", "_b"}), "a b");
  EXPECT_EQ(parse(R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "never"})")
                .decode({"_a", "_b"}),
            " a b");
  EXPECT_EQ(parse(R"({"type": "Strip", "content": " ", "start": 1, "stop": 2})").decode({"  a   "}),
            " a ");
  EXPECT_EQ(parse(R"({"type": "Strip", "content": " ", "start": 9, "stop": 9})").decode({"  "}),
            "");
}

TEST(Decoder, ByteLevelReplacesInvalidParts) {
  EXPECT_EQ(Decoder::byte_level().decode({"\xc3\xa2", "a"}),
            "\xef\xbf\xbd"
            "a");
}

TEST(Decoder, ByteFallbackGivesOneReplacementPerByte) {
  const Decoder llama = Decoder::llama(true);
  EXPECT_EQ(llama.decode({"\xe2\x96\x81"
                          "a",
                          "<0xC3>", "<0xA9>"}),
            "a\xc3\xa9");
  EXPECT_EQ(llama.decode({"<0xC3>", "<0xA9>", "<0xFF>", "b"}),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
            "b");
  EXPECT_EQ(Decoder::llama(false).decode({"\xe2\x96\x81"
                                          "a"}),
            " a");
}

TEST(Decoder, KnowsWhenTextIsFinal) {
  EXPECT_TRUE(Decoder::byte_level().is_closed({"a"}));
  EXPECT_FALSE(Decoder::byte_level().is_closed({"\xc3\xa2"}));  // byte 0xe2
  EXPECT_TRUE(Decoder::llama(true).is_closed({"a"}));
  EXPECT_FALSE(Decoder::llama(true).is_closed({"a", "<0xC3>"}));
  EXPECT_TRUE(Decoder::llama(true).is_closed({}));
  EXPECT_FALSE(parse(R"({"type": "BPEDecoder", "suffix": "</w>"})").is_closed({"a"}));
}

TEST(Decoder, NamesUnknownTypes) {
  EXPECT_NE(testing::error_of([] { parse(R"({"type": "CTC"})"); }).find("CTC"), std::string::npos);
  EXPECT_NE(testing::error_of([] {
              parse(R"({"type": "Strip", "content": "", "start": 1, "stop": 0})");
            }).find("character"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::text
