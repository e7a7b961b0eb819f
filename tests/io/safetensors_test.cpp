#include "flamingo/io/safetensors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;
using testing::TemporaryFolder;

std::string file_of(std::string_view header, std::string_view data) {
  return ByteBuilder().counted(header).text(data).str();
}

std::string error_for(std::string_view header, std::string_view data) {
  const std::string bytes = file_of(header, data);
  return error_of([&] { Safetensors::parse(as_bytes(bytes), "x"); });
}

void expect_error(std::string_view header, std::string_view data, const std::string& part) {
  EXPECT_NE(error_for(header, data).find(part), std::string::npos) << error_for(header, data);
}

TEST(Safetensors, ReadsTensorsAndMetadataInDataOrder) {
  const std::string bytes =
      file_of(R"({"__metadata__":{"k":"v"},"b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]},)"
              R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  )",
              "wxyz123");
  const Safetensors file = Safetensors::parse(as_bytes(bytes), "x");
  ASSERT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.tensors()[0].dtype, DType::kF32);
  EXPECT_TRUE(file.tensors()[0].shape.empty());
  const TensorView* b = file.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->shape, std::vector<int64_t>{3});
  EXPECT_EQ(std::to_integer<char>(b->data[2]), '3');
  EXPECT_EQ(file.find("c"), nullptr);
  EXPECT_EQ(file.metadata().at("k"), "v");
}

TEST(Safetensors, AcceptsEmptyFilesAndEmptyTensors) {
  const std::string none = file_of("{}", "");
  EXPECT_TRUE(Safetensors::parse(as_bytes(none), "x").tensors().empty());
  const std::string empty = file_of(R"({"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},)"
                                    R"("b":{"dtype":"F32","shape":[2,0],"data_offsets":[0,0]}})",
                                    "");
  EXPECT_EQ(Safetensors::parse(as_bytes(empty), "x").tensors().size(), 2u);
}

TEST(Safetensors, RefusesBadHeaders) {
  const std::string good = R"("dtype":"U8","shape":[1],"data_offsets":[0,1])";
  expect_error("", "", "starts with '{'");
  expect_error(" {}", "", "starts with '{'");
  expect_error("[]", "", "starts with '{'");
  expect_error("{} x", "", "mistake at byte");
  expect_error("{", "", "mistake at byte");
  expect_error("{\"\xff\":{" + good + "}}", "1", "mistake at byte");
  expect_error("{\"a\":{" + good + "},\"a\":{" + good + "}}", "1", "duplicate");
  expect_error("{\"a\":{" + good + ",\"dtype\":\"U8\"}}", "1", "two");
  expect_error("{\"a\":{" + good + ",\"shape\":[1]}}", "1", "got a list");
  expect_error("{\"a\":{" + good + ",\"more\":\"x\"}}", "1", "got a string");
  expect_error("{\"a\":{" + good + ",\"more\":{}}}", "1", "nested object");
  expect_error("{\"a\":{" + good + ",\"more\":null}}", "1", "got null");
  expect_error(R"({"a":7})", "", "got a number");
  expect_error(R"({"a":{}})", "", "without one of them");
  expect_error(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", "1", "without one");
  expect_error(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", "1", "got more");
  expect_error(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", "1", "negative");
  expect_error(R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", "1", "fraction");
  expect_error(R"({"a":{"dtype":"U8","shape":[1e999],"data_offsets":[0,1]}})", "1", "mistake");
  expect_error(R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", "1", "got a list");
  expect_error(R"({"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}})", "1", "boolean");
  expect_error(R"({"__metadata__":{"a":"1","a":"2"}})", "", "duplicate");
  expect_error(R"({"__metadata__":{"a":1}})", "", "got a number");
  expect_error(R"({"__metadata__":{"shape":[1]}})", "", "got a list");
  expect_error(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "1",
               "at most 8");
  expect_error("{\"a\":" + std::string(100'000, '['), "", "got a list");
}

TEST(Safetensors, RefusesTypesThatNoViewHoldsWhenTheyAreAskedFor) {
  const std::string bytes = file_of(R"({"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]},)"
                                    R"("b":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[2,4]},)"
                                    R"("c":{"dtype":"Q9","shape":[7,7],"data_offsets":[4,5]},)"
                                    R"("w":{"dtype":"F16","shape":[1],"data_offsets":[5,7]}})",
                                    "0123456");
  const Safetensors parsed = Safetensors::parse(as_bytes(bytes), "x");
  EXPECT_EQ(parsed.tensors().size(), 2u);
  EXPECT_EQ(parsed.find("b")->dtype, DType::kF8E4M3);
  EXPECT_EQ(parsed.find("w")->data.size(), 2u);
  EXPECT_EQ(error_of([&] { parsed.find("a"); }),
            "[x: a] expected a dtype that weights have, got F4");
  EXPECT_NE(error_of([&] { parsed.find("c"); }).find("got Q9"), std::string::npos);
}

TEST(Safetensors, RefusesBadLayouts) {
  expect_error(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "", "cut off");
  expect_error(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "12", "cover all");
  expect_error(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "12", "holes");
  expect_error(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
               R"("b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
               "1", "overlap");
  expect_error(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}})", "1", "expected 2 bytes");
  expect_error(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]}})", "1",
               "cut off");
  // 4194305 * 4194305 * 211106198978564 is 4 modulo 2^64.
  expect_error(R"({"a":{"dtype":"U8","shape":[4194305,4194305,211106198978564],)"
               R"("data_offsets":[0,4]}})",
               "1234", "overflow");
}

TEST(Safetensors, RefusesHeadersThatDoNotFit) {
  const std::string huge = ByteBuilder().number<uint64_t>(100'000'001).text("{}").str();
  EXPECT_NE(error_of([&] { Safetensors::parse(as_bytes(huge), "x"); }).find("100000001"),
            std::string::npos);
  const std::string cut = ByteBuilder().number<uint64_t>(3).text("{}").str();
  EXPECT_NE(error_of([&] { Safetensors::parse(as_bytes(cut), "x"); }).find("expected 3 bytes"),
            std::string::npos);
  EXPECT_NE(error_of([&] { Safetensors::parse(as_bytes("1234567"), "x"); }).find("expected 8"),
            std::string::npos);
}

TEST(Safetensors, RefusesTooManyTensors) {
  std::string header = "{";
  for (int i = 0; i <= 100'001; ++i) {
    header += (i ? ",\"" : "\"") + std::to_string(i) +
              "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
  }
  expect_error(header + "}", "", "at most 100000 tensors");
}

TEST(Safetensors, WritesWhatItReads) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  const std::string bytes = "0123456789abcdef";
  const auto data = as_bytes(bytes);
  write_safetensors(path,
                    {{"u8", DType::kU8, {3}, data.first(3)},
                     {"z", DType::kF32, {1, 2}, data.first(8)},
                     {"a", DType::kBF16, {}, data.first(2)},
                     {"empty", DType::kI64, {0}, {}}},
                    {{"format", "pt"}});
  const Safetensors file = Safetensors::open(path);
  std::vector<std::string> names;
  for (const TensorView& tensor : file.tensors()) names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"empty", "z", "a", "u8"}));
  EXPECT_EQ(file.find("z")->shape, (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(std::ranges::equal(file.find("z")->data, data.first(8)));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.find("z")->data.data()) % 8, 0u);
  EXPECT_EQ(file.metadata().at("format"), "pt");
}

TEST(Safetensors, WriterRefusesWhatTheReaderWould) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  const auto data = as_bytes("12345678");
  const auto write = [&](std::vector<TensorView> tensors) {
    return error_of([&] { write_safetensors(path, tensors); });
  };
  EXPECT_NE(write({{"a", DType::kF32, {1}, data}}).find("got 8"), std::string::npos);
  EXPECT_NE(write({{"a", DType::kU8, {8}, data}, {"a", DType::kU8, {8}, data}}).find("duplicate"),
            std::string::npos);
  EXPECT_NE(write({{"__metadata__", DType::kU8, {8}, data}}).find("reserved"), std::string::npos);
  EXPECT_NE(write({{"a\xff", DType::kU8, {8}, data}}).find("UTF-8"), std::string::npos);
  EXPECT_NE(write({{"a", DType::kU8, std::vector<int64_t>(9, 1), data.first(1)}}).find("got 9"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Safetensors, ReadsTheReferenceWritersFile) {
  const Safetensors file =
      Safetensors::open(testing::golden("clip-vit-tiny/gelu/hf/model.safetensors"));
  EXPECT_GT(file.tensors().size(), 20u);
  EXPECT_NE(file.find("visual_projection.weight"), nullptr);
}

}  // namespace
}  // namespace flamingo::io
