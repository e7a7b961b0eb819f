#include "flamingo/io/torch_storage.h"

#include <gtest/gtest.h>

#include "flamingo/io/torch_zip.h"
#include "tests/io/pickle_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::error_of;
using testing::pickle_global;
using testing::pickle_int;
using testing::pickle_ints;
using testing::pickle_text;
using testing::TensorRecord;
using testing::torch_archive;

/// The bytes of the one tensor "w" as text.
std::string bytes_of(const TensorRecord& record) {
  const std::string file = torch_archive(record);
  const TorchZip zip = TorchZip::parse(as_bytes(file), "x");
  const auto data = zip.find("w")->data;
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

void expect_storage_error(const std::string& file, const std::string& part) {
  const std::string message = error_of([&] { TorchZip::parse(as_bytes(file), "x"); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

void expect_refused(const TensorRecord& record, const std::string& part) {
  expect_storage_error(torch_archive(record), part);
}

TensorRecord bytes_record(std::vector<int64_t> shape, std::vector<int64_t> strides,
                          int64_t offset = 0) {
  return {.type = "ByteStorage",
          .numel = 24,
          .offset = offset,
          .shape = std::move(shape),
          .strides = std::move(strides)};
}

TEST(TorchStorages, ViewsContiguousTensors) {
  EXPECT_EQ(bytes_of({}), "abcdefghijklmnopqrstuvwx");
  EXPECT_EQ(bytes_of(bytes_record({2, 3}, {3, 1}, 4)), "efghij");
  EXPECT_EQ(bytes_of(bytes_record({1, 3}, {99, 1}, 21)), "vwx");  // stride of extent 1 is free
  EXPECT_EQ(bytes_of(bytes_record({}, {}, 23)), "x");
}

TEST(TorchStorages, GathersStridedTensors) {
  EXPECT_EQ(bytes_of(bytes_record({3, 2}, {1, 3})), "adbecf");
  EXPECT_EQ(bytes_of(bytes_record({2, 2}, {6, 2}, 1)), "bdhj");
  EXPECT_EQ(bytes_of(bytes_record({2, 3, 4}, {1, 8, 2})), "acegikmoqsuwbdfhjlnprtvx");
  EXPECT_EQ(bytes_of({.shape = {2}, .strides = {5}}), "abcduvwx");
}

TEST(TorchStorages, EmptyTensorsHaveNoBytes) {
  EXPECT_EQ(bytes_of(bytes_record({0, 5}, {5, 1})), "");
  EXPECT_EQ(bytes_of(bytes_record({5, 0}, {0, 1}, 999)), "");
}

TEST(TorchStorages, RefusesViewsOutsideTheStorage) {
  expect_refused(bytes_record({25}, {1}), "24 elements, got an end at 25");
  expect_refused(bytes_record({1}, {1}, 24), "got an end at 25");
  expect_refused(bytes_record({2, 2}, {23, 1}), "got an end at 25");
  expect_refused(bytes_record({3}, {1ll << 62}), "got an end at 9223372036854775809");
  expect_refused(bytes_record({5}, {1ll << 62}), "overflow");
  expect_refused(bytes_record({1ll << 40, 1ll << 40}, {1ll << 40, 1}), "overflow");
  expect_refused({.numel = 7}, "expected 28 bytes in storage 0, got 24");
  expect_refused({.numel = 1ll << 62}, "overflow");
  expect_refused({.type = "DoubleStorage", .numel = 3}, "3 elements, got an end at 6");
}

TEST(TorchStorages, RefusesNegativeNumbersAndLonelyExtents) {
  expect_refused({.numel = -1}, ">= 0, got -1");
  expect_refused(bytes_record({-2}, {1}), ">= 0, got -2");
  expect_refused(bytes_record({2}, {-1}), ">= 0, got -1");
  expect_refused(bytes_record({2}, {1}, -5), ">= 0, got -5");
  expect_refused(bytes_record({2, 2}, {1}), "one stride per dimension");
}

TEST(TorchStorages, StridedCopiesShareOneBudget) {
  const std::string storage(4096, 'x');
  const TensorRecord record = {
      .type = "ByteStorage", .numel = 4096, .shape = {2048, 2}, .strides = {1, 2048}};
  std::string body = "}";
  for (int i = 0; i < 20; ++i) body += pickle_text(std::to_string(i)) + record.str() + "s";
  expect_storage_error(torch_archive(body, storage), "no larger than the archive");
}

TEST(TorchStorages, TiedStridedTensorsAreGatheredOnce) {
  const std::string record = bytes_record({12, 2}, {1, 12}).str();
  std::string body = "}" + pickle_text("0") + record + "q\x01s";
  for (int i = 1; i < 200; ++i) body += pickle_text(std::to_string(i)) + "h\x01s";
  const std::string file = torch_archive(body);
  const TorchZip zip = TorchZip::parse(as_bytes(file), "x");
  EXPECT_EQ(zip.tensors()[0].data.data(), zip.tensors()[199].data.data());
}

/// The file opens; "w" is what cannot be asked for.
void expect_refused_when_asked(const std::string& file, const std::string& part) {
  const TorchZip zip = TorchZip::parse(as_bytes(file), "x");
  EXPECT_TRUE(zip.tensors().empty());
  const std::string message = error_of([&] { zip.find("w"); });
  EXPECT_NE(message.find("[x: w] expected a plain tensor, got " + part), std::string::npos)
      << message;
}

TEST(TorchStorages, RefusesForeignValuesWhenTheyAreAskedFor) {
  const std::string call = pickle_global("torch._utils", "_rebuild_tensor_v2");
  const std::string at_w = "}" + pickle_text("w");
  expect_refused_when_asked(torch_archive(TensorRecord{.type = "QInt8Storage"}),
                            "elements of torch.QInt8Storage");
  expect_refused_when_asked(torch_archive(at_w + "NQs"), "a persistent id");
  expect_refused_when_asked(torch_archive(at_w + call + "s"),
                            "the global torch._utils._rebuild_tensor_v2");
  expect_refused_when_asked(torch_archive(at_w + pickle_global("torch", "FloatStorage") + ")Rs"),
                            "a call of torch.FloatStorage");
  expect_refused_when_asked(
      torch_archive(at_w + pickle_global("os", "system") + pickle_text("id") + "\x85Rs"),
      "a call of os.system");
  expect_refused_when_asked(torch_archive(at_w + pickle_global("m", "C") + ")\x81}" +
                                          pickle_text("v") + TensorRecord().str() + "sbs"),
                            "an object of m.C");
  expect_refused_when_asked(torch_archive(at_w + std::string("C\x01zs")), "bytes, a set");
}

TEST(TorchStorages, RefusesExpandedTensorsAndHighRanksWhenTheyAreAskedFor) {
  const std::vector<int64_t> ones(9, 1);
  expect_refused_when_asked(torch_archive(bytes_record(ones, ones)), "one of 9 dimensions");
  const std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>> views = {
      {{25}, {0}}, {{3, 12}, {0, 1}}, {{1ll << 32, 1ll << 32}, {0, 0}}};
  for (const auto& [shape, strides] : views)
    expect_refused_when_asked(torch_archive(bytes_record(shape, strides)), "an expanded view");
  EXPECT_EQ(bytes_of(bytes_record({2, 12}, {0, 1})).size(), 24u);  // no more than there is
}

TEST(TorchStorages, RefusesBrokenRecords) {
  expect_refused({.key = "1"}, "root/data/1");
  expect_refused({.key = "../data.pkl"}, "root/data/../data.pkl");
  const std::string call = pickle_global("torch._utils", "_rebuild_tensor_v2");
  const std::string at_w = "}" + pickle_text("w");
  expect_storage_error(torch_archive(at_w + call + ")Rs"), "6 or 7 fields, got 0");
  expect_storage_error(torch_archive(at_w + call + "(NNNNNNtRs"),
                       "a storage type in a tensor record");
  expect_storage_error(torch_archive(at_w + call + "(NQNNNNNtRs"),
                       "a storage type in a tensor record");
  const std::string id = "(" + pickle_text("store") + pickle_global("torch", "FloatStorage") +
                         pickle_text("0") + pickle_text("cpu") + "K\x06tQ";
  expect_storage_error(torch_archive(at_w + call + "(" + id + "NNNNNtRs"),
                       "a storage of five fields");
}

/// A record of 24 bytes as float16 with `metadata` behind it.
std::string with_metadata(const std::string& metadata, const std::string& type = "ByteStorage") {
  std::string record = TensorRecord{.type = type, .numel = 6, .shape = {6}, .strides = {1}}.str();
  record.insert(record.size() - 2, metadata);  // before TUPLE and REDUCE
  return torch_archive("}" + pickle_text("w") + record + "s");
}

TEST(TorchStorages, ResolvesNegativeBits) {
  const auto resolved = [](const std::string& file) {
    const TorchZip zip = TorchZip::parse(as_bytes(file), "x");
    const auto data = zip.find("w")->data;
    return std::string(reinterpret_cast<const char*>(data.data()), data.size());
  };
  const std::string neg = "}" + pickle_text("neg") + "\x88s";
  EXPECT_EQ(resolved(with_metadata("N")), "abcdef");
  EXPECT_EQ(resolved(with_metadata("}")), "abcdef");
  EXPECT_EQ(resolved(with_metadata("}" + pickle_text("neg") + "\x89s")), "abcdef");
  EXPECT_EQ(resolved(with_metadata("}" + pickle_text("conj") + "\x88s")), "abcdef");  // real
  EXPECT_EQ(resolved(with_metadata(neg)), "\x9f\x9e\x9d\x9c\x9b\x9a");
  EXPECT_EQ(resolved(with_metadata(neg, "HalfStorage")),
            "a\xe2"
            "c\xe4"
            "e\xe6g\xe8i\xeak\xec");
  expect_storage_error(with_metadata("}" + pickle_text("odd") + "\x88s"), "neg and conj");
  expect_storage_error(with_metadata("K\x01"), "a dict in a tensor record");
}

TEST(TorchStorages, UnwrapsParameters) {
  const std::string parameter = pickle_global("torch._utils", "_rebuild_parameter");
  const std::string record = TensorRecord().str();
  const std::string file =
      torch_archive("}" + pickle_text("w") + parameter + "(" + record + "\x88)tRs");
  EXPECT_EQ(TorchZip::parse(as_bytes(file), "x").find("w")->data.size(), 24u);
  expect_refused_when_asked(torch_archive("}" + pickle_text("w") + parameter + ")Rs"),
                            "a call of torch._utils._rebuild_parameter");
  const std::string twice = parameter + "(" + parameter + "(" + record + "\x88)tR\x88)tR";
  expect_refused_when_asked(torch_archive("}" + pickle_text("w") + twice + "s"),
                            "a call of torch._utils._rebuild_parameter");
}

}  // namespace
}  // namespace flamingo::io
