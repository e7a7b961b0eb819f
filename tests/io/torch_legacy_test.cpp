#include "flamingo/io/torch_legacy.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "flamingo/io/torch_zip.h"
#include "tests/io/pickle_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;
using testing::golden;
using testing::pickle;
using testing::pickle_global;
using testing::pickle_int;
using testing::pickle_ints;
using testing::pickle_text;

const std::string kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// A legacy file of the dict {"w": a tensor of [2, 3] floats}, and what tests change of it.
struct LegacyFile {
  int64_t version = 1001;
  std::string little_endian = "\x88";
  std::string type = "FloatStorage";
  std::string view = "N";
  int64_t numel = 6;      ///< as the values say
  uint64_t elements = 6;  ///< as the storage says
  std::string keys = pickle_text("7") + "a";
  std::string storage = "abcdefghijklmnopqrstuvwx";

  std::string str() const {
    const std::string record = pickle_global("torch._utils", "_rebuild_tensor_v2") + "((" +
                               pickle_text("storage") + pickle_global("torch", type) +
                               pickle_text("7") + pickle_text("cpu") + pickle_int(numel) + view +
                               "tQ" + pickle_int(0) + pickle_ints({2, 3}) + pickle_ints({3, 1}) +
                               "\x89" + pickle_global("collections", "OrderedDict") + ")RtR";
    return kMagic + pickle(pickle_int(version)) +
           pickle("}" + pickle_text("little_endian") + little_endian + "s") +
           pickle("}" + pickle_text("w") + record + "s") + pickle("]" + keys) +
           ByteBuilder().number(elements).str() + storage;
  }
};

void expect_legacy_error(const LegacyFile& file, const std::string& part) {
  const std::string bytes = file.str();
  const std::string message = error_of([&] { TorchZip::parse(as_bytes(bytes), "x"); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

template <class T>
std::vector<T> numbers(const TensorView& tensor) {
  std::vector<T> values(tensor.data.size() / sizeof(T));
  std::ranges::copy(tensor.data, std::as_writable_bytes(std::span(values)).begin());
  return values;
}

TEST(TorchLegacy, ReadsAFileOfPyTorch) {
  const TorchZip file = TorchZip::open(golden("torch-zip/legacy.pt"));
  EXPECT_EQ(std::get<int64_t>(file.scalars().at("epoch")), 3);
  EXPECT_EQ(numbers<float>(*file.find("model.grid")), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(numbers<float>(*file.find("model.turned")), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(numbers<float>(*file.find("model.row")), (std::vector<float>{3, 4, 5}));
  EXPECT_EQ(numbers<int64_t>(*file.find("model.steps")), (std::vector<int64_t>{7, -8}));
  EXPECT_EQ(numbers<uint16_t>(*file.find("model.half")), (std::vector<uint16_t>{0x3800, 0x4000}));
  EXPECT_EQ(file.find("model.none")->shape, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(file.tensors().size(), 6u);
}

TEST(TorchLegacy, IsKnownByItsMagicNumber) {
  EXPECT_TRUE(is_torch_legacy(as_bytes(kMagic)));
  EXPECT_FALSE(is_torch_legacy(as_bytes(kMagic.substr(0, kMagic.size() - 1))));
  EXPECT_FALSE(is_torch_legacy({}));
}

TEST(TorchLegacy, ReadsWhatTheTestsChange) {
  const std::string bytes = LegacyFile().str();
  const TorchZip file = TorchZip::parse(as_bytes(bytes), "x");
  EXPECT_EQ(file.find("w")->data.data(), as_bytes(bytes).last(24).data());
}

TEST(TorchLegacy, RefusesOtherMachinesAndVersions) {
  expect_legacy_error({.version = 1000}, "version 1001, got 1000");
  expect_legacy_error({.little_endian = "\x89"}, "little-endian");
}

TEST(TorchLegacy, RefusesStoragesThatContradictTheValues) {
  expect_legacy_error({.elements = 5}, "expected 6 elements in storage 7, got 5");
  expect_legacy_error({.numel = 7, .elements = 7}, "28 bytes");
  expect_legacy_error({.numel = 5, .elements = 5, .storage = "abcdefghijklmnopqrst"},
                      "inside its storage");
  expect_legacy_error({.storage = "abcdefghijklmnopqrstuvwxyz"}, "got 2 bytes");
  expect_legacy_error({.numel = -1}, "a number of elements");
  expect_legacy_error({.numel = int64_t{1} << 62, .elements = uint64_t{1} << 62}, "x");
}

TEST(TorchLegacy, RefusesUnknownKeysAndTypes) {
  expect_legacy_error({.keys = pickle_text("8") + "a"}, "got \"8\"");
  expect_legacy_error({.keys = "", .storage = ""}, "got 8 bytes");
  expect_legacy_error({.keys = "N0"}, "got 32 bytes");
  expect_legacy_error({.type = "QInt8Storage"}, "torch.QInt8Storage");
  expect_legacy_error({.view = pickle_text("part")}, "five fields");
}

}  // namespace
}  // namespace flamingo::io
