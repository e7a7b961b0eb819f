#include "flamingo/io/gguf.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;

/// Magic, version and the two counts.
ByteBuilder prelude(uint64_t tensors, uint64_t values, uint32_t version = 3) {
  return ByteBuilder().text("GGUF").number(version).number(tensors).number(values);
}

ByteBuilder& add_row(ByteBuilder& file, const std::string& name, std::vector<int64_t> dims,
                     uint32_t type, uint64_t offset) {
  file.counted(name).number<uint32_t>(dims.size());
  for (const int64_t extent : dims) file.number(extent);
  return file.number(type).number(offset);
}

/// A file of one tensor in front of 64 bytes of data.
std::string one_tensor(std::vector<int64_t> dims, uint32_t type, uint64_t offset = 0) {
  ByteBuilder file = prelude(1, 0);
  add_row(file, "w", std::move(dims), type, offset);
  return file.pad_to(32).text(std::string(64, 'x')).str();
}

std::string with_alignment(uint32_t alignment) {
  return prelude(0, 1).counted("general.alignment").number<uint32_t>(4).number(alignment).str();
}

void expect_gguf_error(const std::string& bytes, const std::string& part) {
  const std::string message = error_of([&] { Gguf::parse(as_bytes(bytes), "x"); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Gguf, ReadsTheGoldenModel) {
  const Gguf file = Gguf::open(testing::golden("gguf-tiny/model.gguf"));
  EXPECT_EQ(file.string_at("general.architecture"), "llama");
  EXPECT_GT(file.int_at("llama.block_count"), 0);
  EXPECT_GT(file.float_at("llama.attention.layer_norm_rms_epsilon"), 0.0);
  EXPECT_EQ(file.strings_at("tokenizer.ggml.tokens").size(), 128u);
  const GgufTensor* embedding = file.find("token_embd.weight");
  ASSERT_NE(embedding, nullptr);
  ASSERT_EQ(embedding->shape.size(), 2u);
  EXPECT_EQ(embedding->shape[0], 128);
  EXPECT_EQ(embedding->shape[1], file.int_at("llama.embedding_length"));
  EXPECT_EQ(file.find("no such tensor"), nullptr);
}

TEST(Gguf, WidensEveryKindOfMetadata) {
  ByteBuilder file = prelude(0, 9);
  file.counted("u8").number<uint32_t>(0).number<uint8_t>(200);
  file.counted("i16").number<uint32_t>(3).number<int16_t>(-5);
  file.counted("u64").number<uint32_t>(10).number<uint64_t>(~0ull);
  file.counted("f32").number<uint32_t>(6).number(0.5f);
  file.counted("bool").number<uint32_t>(7).number<uint8_t>(1);
  file.counted("text").number<uint32_t>(8).counted("hello");
  file.counted("ints").number<uint32_t>(9).number<uint32_t>(5).number<uint64_t>(2);
  file.number<int32_t>(-1).number<int32_t>(7);
  file.counted("floats").number<uint32_t>(9).number<uint32_t>(12).number<uint64_t>(1).number(0.25);
  file.counted("strings").number<uint32_t>(9).number<uint32_t>(8).number<uint64_t>(2);
  file.counted("a").counted("");
  const Gguf gguf = Gguf::parse(as_bytes(file.str()), "x");
  EXPECT_EQ(gguf.int_at("u8"), 200);
  EXPECT_EQ(gguf.get_int("i16"), -5);
  EXPECT_EQ(gguf.float_at("i16"), -5.0);
  EXPECT_EQ(gguf.get_float("f32"), 0.5);
  EXPECT_TRUE(std::get<bool>(gguf.metadata().at("bool")));
  EXPECT_EQ(gguf.get_string("text"), "hello");
  EXPECT_EQ(std::get<std::vector<int64_t>>(gguf.metadata().at("ints")),
            (std::vector<int64_t>{-1, 7}));
  EXPECT_EQ(std::get<std::vector<double>>(gguf.metadata().at("floats")).at(0), 0.25);
  EXPECT_EQ(gguf.strings_at("strings"), (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(gguf.get_int("absent"), std::nullopt);
  EXPECT_NE(error_of([&] { gguf.int_at("u64"); }).find("x: u64"), std::string::npos);
  EXPECT_NE(error_of([&] { gguf.get_int("text"); }).find("an integer"), std::string::npos);
  EXPECT_NE(error_of([&] { gguf.string_at("u8"); }).find("a string"), std::string::npos);
  EXPECT_NE(error_of([&] { gguf.strings_at("ints"); }).find("array of strings"), std::string::npos);
  EXPECT_NE(error_of([&] { gguf.float_at("absent"); }).find("\"absent\""), std::string::npos);
}

TEST(Gguf, RefusesBadPreludes) {
  expect_gguf_error("", "expected 4 bytes");
  expect_gguf_error("GGML" + std::string(20, '\0'), "not a GGUF file");
  expect_gguf_error(prelude(0, 0, 1).str(), "got 1");
  expect_gguf_error(prelude(0, 0, 4).str(), "got 4");
  expect_gguf_error(prelude(0, 0, 0x03000000).str(), "big-endian");
  expect_gguf_error(prelude(~0ull, 0).str(), "at most 100000 tensors");
  expect_gguf_error(prelude(0, ~0ull).str(), "cut off");
  expect_gguf_error(prelude(1, 0).str(), "cut off");
  EXPECT_TRUE(Gguf::parse(as_bytes(prelude(0, 0, 2).str()), "x").tensors().empty());
}

TEST(Gguf, RefusesBadMetadata) {
  const auto value = [](uint32_t type) { return prelude(0, 1).counted("k").number(type); };
  expect_gguf_error(prelude(0, 1).number<uint64_t>(1ull << 60).str(), "at most 16777216");
  expect_gguf_error(prelude(0, 1).counted(std::string(65536, 'k')).number<uint64_t>(0).str(),
                    "65535");
  expect_gguf_error(value(13).str(), "got 13");
  expect_gguf_error(value(8).number<uint64_t>(1ull << 60).str(), "at most 16777216");
  expect_gguf_error(value(9).number<uint32_t>(9).number<uint64_t>(1).str(), "item type 9");
  expect_gguf_error(value(9).number<uint32_t>(77).number<uint64_t>(1).str(), "item type 77");
  expect_gguf_error(value(9).number<uint32_t>(0).number<uint64_t>((64ull << 20) + 1).str(),
                    "67108865");
  expect_gguf_error(value(9).number<uint32_t>(10).number<uint64_t>(64ull << 20).str(), "cut off");
  expect_gguf_error(value(9).number<uint32_t>(8).number<uint64_t>(64ull << 20).str(), "cut off");
  expect_gguf_error(value(9).number<uint32_t>(10).number<uint64_t>(1).number(~0ull).str(),
                    "below 2^63");
  ByteBuilder twice = prelude(0, 2);
  for (int i = 0; i < 2; ++i) twice.counted("k").number<uint32_t>(0).number<uint8_t>(1);
  expect_gguf_error(twice.str(), "\"k\" twice");
}

TEST(Gguf, RefusesBadAlignments) {
  for (const uint32_t bad : {0u, 3u, 131072u, 0x80000000u}) {
    expect_gguf_error(with_alignment(bad), "power of two");
  }
  EXPECT_EQ(Gguf::parse(as_bytes(with_alignment(65536)), "x").int_at("general.alignment"), 65536);
  const std::string text =
      prelude(0, 1).counted("general.alignment").number<uint32_t>(8).counted("32").str();
  expect_gguf_error(text, "an integer");
}

TEST(Gguf, ReadsOneTensor) {
  const std::string bytes = one_tensor({4, 2}, 0);
  const Gguf file = Gguf::parse(as_bytes(bytes), "x");
  EXPECT_EQ(file.tensors()[0].shape, (std::vector<int64_t>{2, 4}));
  EXPECT_EQ(file.tensors()[0].data.size(), 32u);
}

TEST(Gguf, RefusesForeignTypesWhenTheyAreAskedFor) {
  ByteBuilder two = prelude(2, 0);
  add_row(two, "odd", {32}, 20, 0);  // IQ4_NL
  add_row(two, "w", {8}, 0, 32);
  const std::string bytes = two.pad_to(32).text(std::string(64, 'x')).str();
  const Gguf file = Gguf::parse(as_bytes(bytes), "x");
  EXPECT_EQ(file.find("w")->readable("x").data.size(), 32u);
  EXPECT_EQ(error_of([&] { file.find("odd")->readable("x"); }),
            "[x: odd] expected a block type that this build decodes, got IQ4_NL");
  const std::string unknown = one_tensor({8}, 9999);
  const Gguf other = Gguf::parse(as_bytes(unknown), "x");
  EXPECT_NE(error_of([&] { other.tensors()[0].readable("x"); }).find("got type 9999"),
            std::string::npos);
  expect_gguf_error(one_tensor({8}, 20, 1 << 20), "cut off");
}

TEST(Gguf, RefusesBadTensors) {
  expect_gguf_error(one_tensor({1, 1, 1, 1, 1}, 0), "at most 4 dimensions");
  expect_gguf_error(one_tensor({-1}, 0), "negative");
  expect_gguf_error(one_tensor({1ll << 40, 1ll << 40}, 0), "overflow");
  expect_gguf_error(one_tensor({1ll << 62, 1}, 0), "overflow");
  expect_gguf_error(one_tensor({17}, 0), "cut off");
  expect_gguf_error(one_tensor({8}, 0, 64), "cut off");
  expect_gguf_error(one_tensor({8}, 0, ~0ull - 31), "overflow");
  expect_gguf_error(one_tensor({8}, 0, 4), "multiple of 32");
  expect_gguf_error(one_tensor({33}, 8), "whole blocks of 32");
  expect_gguf_error(one_tensor({16, 2}, 8), "whole blocks of 32");
}

TEST(Gguf, RefusesOverlapsAndDuplicates) {
  ByteBuilder overlap = prelude(2, 0);
  add_row(overlap, "a", {16}, 0, 0);
  add_row(overlap, "b", {8}, 0, 32);
  expect_gguf_error(overlap.pad_to(32).text(std::string(64, 'x')).str(), "a over b");
  ByteBuilder twice = prelude(2, 0);
  add_row(twice, "a", {8}, 0, 0);
  add_row(twice, "a", {8}, 0, 32);
  expect_gguf_error(twice.pad_to(32).text(std::string(64, 'x')).str(), "duplicate");
}

}  // namespace
}  // namespace flamingo::io
