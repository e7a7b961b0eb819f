#include "flamingo/text/normalizer.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::text {
namespace {

std::string apply(const char* json, std::string_view text) {
  return Normalizer::from_json(Json::parse(json), "normalizer").apply(text);
}

TEST(Normalizer, EachKind) {
  EXPECT_EQ(apply("null", " a "), " a ");
  EXPECT_EQ(apply(R"({"type": "NFC"})", "e\xcc\x81"), "\xc3\xa9");
  EXPECT_EQ(apply(R"({"type": "NFD"})", "\xc3\xa9"), "e\xcc\x81");
  EXPECT_EQ(apply(R"({"type": "Prepend", "prepend": "_"})", "a"), "_a");
  EXPECT_EQ(apply(R"({"type": "Prepend", "prepend": "_"})", ""), "");
  EXPECT_EQ(apply(R"({"type": "Replace", "pattern": {"String": " "}, "content": "_"})", "a b"),
            "a_b");
  EXPECT_EQ(apply(R"({"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "})", "a \n b"),
            "a b");
  EXPECT_EQ(apply(R"({"type": "Strip", "strip_left": true, "strip_right": false})", " a "), "a ");
  EXPECT_EQ(apply(R"({"type": "Strip", "strip_left": false, "strip_right": true})", " a "), " a");
  EXPECT_EQ(apply(R"({"type": "Strip"})", " \n "), "");
  EXPECT_EQ(apply(R"({"type": "ByteLevel"})", " "), "\xc4\xa0");
}

TEST(Normalizer, SequencesRunInOrder) {
  EXPECT_EQ(apply(R"({"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": " "},
      {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]})",
                  "a b"),
            "_a_b");
}

TEST(Normalizer, LlamaMarksSpaces) {
  EXPECT_EQ(Normalizer::llama(true).apply("a b"),
            "\xe2\x96\x81"
            "a\xe2\x96\x81"
            "b");
  EXPECT_EQ(Normalizer::llama(false).apply("a b"),
            "a\xe2\x96\x81"
            "b");
}

TEST(Normalizer, NamesUnknownTypes) {
  const std::string message = testing::error_of([] { apply(R"({"type": "Nmt"})", ""); });
  EXPECT_NE(message.find("Nmt"), std::string::npos) << message;
}

}  // namespace
}  // namespace flamingo::text
