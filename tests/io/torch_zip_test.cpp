#include "flamingo/io/torch_zip.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "flamingo/io/inflate.h"
#include "flamingo/io/safetensors.h"
#include "tests/io/pickle_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::error_of;
using testing::golden;
using testing::pickle;
using testing::pickle_global;
using testing::pickle_int;
using testing::pickle_text;
using testing::TensorRecord;
using testing::torch_archive;
using testing::ZipBuilder;

template <class T>
std::vector<T> values(const TensorView& tensor) {
  std::vector<T> numbers(tensor.data.size() / sizeof(T));
  std::ranges::copy(tensor.data, std::as_writable_bytes(std::span(numbers)).begin());
  return numbers;
}

void expect_torch_zip_error(const std::string& file, const std::string& part) {
  const std::string message = error_of([&] { TorchZip::parse(as_bytes(file), "x"); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(TorchZip, ReadsEveryElementType) {
  const TorchZip zip = TorchZip::open(golden("torch-zip/dtypes.pt"));
  ASSERT_EQ(zip.tensors().size(), 10u);
  const std::vector<DType> dtypes = {DType::kF64, DType::kF32, DType::kF16, DType::kBF16,
                                     DType::kI64, DType::kI32, DType::kI16, DType::kI8,
                                     DType::kU8,  DType::kBool};
  for (size_t i = 0; i < dtypes.size(); ++i) EXPECT_EQ(zip.tensors()[i].dtype, dtypes[i]);
  EXPECT_EQ(values<double>(*zip.find("0")), (std::vector<double>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(values<int16_t>(*zip.find("6")), (std::vector<int16_t>{0, 1, 2, 3, 4, 5}));
}

TEST(TorchZip, GathersStridedViewsOfPyTorch) {
  const TorchZip zip = TorchZip::open(golden("torch-zip/strided.pt"));
  const std::vector<float> a = values<float>(*zip.find("a"));
  const std::vector<float> transposed = values<float>(*zip.find("t"));
  EXPECT_EQ(zip.find("t")->shape, (std::vector<int64_t>{7, 5}));
  for (size_t row = 0; row < 7; ++row) {
    for (size_t column = 0; column < 5; ++column) {
      EXPECT_EQ(transposed[row * 5 + column], a[column * 7 + row]);
    }
  }
  EXPECT_EQ(values<float>(*zip.find("v")),
            (std::vector<float>{a[9], a[10], a[11], a[16], a[17], a[18]}));
  EXPECT_EQ(values<float>(*zip.find("scalar")), std::vector<float>{3.5f});
  EXPECT_TRUE(zip.find("zero")->data.empty());
}

TEST(TorchZip, FlattensTrainingCheckpoints) {
  const TorchZip zip = TorchZip::open(golden("torch-zip/training.pt"));
  EXPECT_EQ(zip.scalars().at("epoch"), TorchScalar(int64_t{1}));
  EXPECT_EQ(zip.scalars().at("optimizer_state_dict.param_groups.0.lr"), TorchScalar(0.001));
  EXPECT_NE(zip.find("optimizer_state_dict.state.0.exp_avg"), nullptr);
  const std::vector<TensorView> model = zip.tensors_under("model_state_dict");
  ASSERT_EQ(model.size(), 4u);
  EXPECT_EQ(model[0].name, "0.weight");
  EXPECT_EQ(model[0].shape, (std::vector<int64_t>{4, 3}));
  EXPECT_EQ(model[3].name, "1.bias");
  EXPECT_TRUE(zip.tensors_under("model").empty());
}

TEST(TorchZip, ReadsTorchScriptModules) {
  const TorchZip zip = TorchZip::open(golden("clip-vit-tiny/quick_gelu/openai/archive.pt"));
  EXPECT_EQ(zip.find("visual.conv1.weight")->dtype, DType::kF16);
  EXPECT_EQ(zip.find("visual.conv1.weight")->shape.size(), 4u);
  EXPECT_EQ(values<int64_t>(*zip.find("context_length")).size(), 1u);
  EXPECT_EQ(zip.find("code"), nullptr);
  EXPECT_EQ(zip.scalars().at("visual.training"), TorchScalar(true));
}

TEST(TorchZip, StateDictEqualsItsSafetensorsTwin) {
  const std::string folder = golden("clip-vit-tiny/gelu/open_clip/");
  const TorchZip zip = TorchZip::open(folder + "open_clip_pytorch_model.bin");
  const Safetensors twin = Safetensors::open(folder + "open_clip_model.safetensors");
  ASSERT_EQ(zip.tensors().size(), twin.tensors().size());
  for (const TensorView& expected : twin.tensors()) {
    const TensorView* tensor = zip.find(expected.name);
    ASSERT_NE(tensor, nullptr) << expected.name;
    EXPECT_EQ(tensor->shape, expected.shape);
    EXPECT_TRUE(std::ranges::equal(tensor->data, expected.data)) << expected.name;
  }
}

TEST(TorchZip, CopiesKeepTheBytesAlive) {
  std::vector<TensorView> views;
  TorchZip copy;
  {
    const TorchZip zip = TorchZip::open(golden("torch-zip/strided.pt"));
    views = zip.tensors();
    copy = zip;
  }
  for (size_t i = 0; i < views.size(); ++i) {
    EXPECT_EQ(views[i].data.data(), copy.tensors()[i].data.data());
    EXPECT_EQ(values<uint8_t>(views[i]), values<uint8_t>(copy.tensors()[i]));
  }
}

TEST(TorchZip, FlattensScalarsListsAndObjects) {
  const std::string object =
      pickle_global("__torch__", "M") + ")\x81}" + pickle_text("w") + TensorRecord().str() + "sb";
  const std::string file =
      torch_archive("}" + pickle_text("a") + "](\x88" + pickle_int(-7) + pickle_text("text") +
                    "Nes" + pickle_int(3) + object + "s");
  const TorchZip zip = TorchZip::parse(as_bytes(file), "x");
  EXPECT_EQ(zip.scalars().at("a.0"), TorchScalar(true));
  EXPECT_EQ(zip.scalars().at("a.1"), TorchScalar(int64_t{-7}));
  EXPECT_EQ(zip.scalars().at("a.2"), TorchScalar(std::string("text")));
  EXPECT_FALSE(zip.scalars().contains("a.3"));
  EXPECT_EQ(zip.tensors().at(0).name, "3.w");
}

TEST(TorchZip, ResolvesTheSignsOfPyTorchsViews) {
  const TorchZip zip = TorchZip::open(golden("torch-zip/signs.pt"));
  EXPECT_EQ(values<float>(*zip.find("neg")), (std::vector<float>{-2, -4}));
  EXPECT_EQ(values<float>(*zip.find("imag")), (std::vector<float>{-2, 4}));
  EXPECT_EQ(values<float>(*zip.find("conj")), (std::vector<float>{1, -2, 3, 4}));
  EXPECT_EQ(values<float>(*zip.find("neg_conj")), (std::vector<float>{-1, 2, -3, -4}));
  EXPECT_EQ(zip.find("conj")->dtype, DType::kC64);
  EXPECT_EQ(values<int64_t>(*zip.find("int")), (std::vector<int64_t>{-2, 300, 0}));
  EXPECT_EQ(values<uint16_t>(*zip.find("half")),  // -1, -3, 2, -0.5
            (std::vector<uint16_t>{0xBC00, 0xC200, 0x4000, 0xB800}));
  EXPECT_EQ(values<float>(*zip.find("plain")), (std::vector<float>{1, 2}));
}

TEST(TorchZip, HoldsTypesThatNothingComputesWith) {
  const TorchZip zip = TorchZip::open(golden("torch-zip/odd.pt"));
  EXPECT_EQ(values<uint16_t>(*zip.find("u16")), (std::vector<uint16_t>{1, 2, 65535}));
  EXPECT_EQ(zip.find("f8")->dtype, DType::kF8E4M3);
  EXPECT_EQ(values<uint8_t>(*zip.find("f8")), (std::vector<uint8_t>{0x38, 0xC0}));
  EXPECT_EQ(zip.find("e5")->dtype, DType::kF8E5M2);
  EXPECT_EQ(values<float>(*zip.find("w")), (std::vector<float>{0, 1, 2}));
}

TEST(TorchZip, PassesForeignValuesBy) {
  const TorchZip zip = TorchZip::open(golden("torch-zip/foreign.pt"));
  ASSERT_EQ(zip.tensors_under("model").size(), 2u);
  EXPECT_EQ(values<float>(*zip.find("parameter")), (std::vector<float>{7, 7}));
  EXPECT_EQ(values<float>(*zip.find("grouped.a")), std::vector<float>{1});
  EXPECT_EQ(zip.tensors().size(), 4u);
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"args", "an object of argparse.Namespace"},
      {"device", "a call of torch.device"},
      {"dtype", "the global torch.bfloat16"},
      {"numpy", "a call of numpy"},
      {"array", "a call of numpy"},
      {"set", "a call of __builtin__.set"},
      {"frozen", "a call of __builtin__.frozenset"},
      {"large", "bytes, a set or a large integer"},
      {"module", "an object of torch.nn.modules.activation.ReLU"},
      {"sparse", "a call of torch._utils._rebuild_sparse_tensor"},
      {"bytes", "a call of _codecs.encode"},
      {"counter", "a call of collections.Counter"},
      {"quantized", "a call of torch._utils._rebuild_qtensor"}};
  for (const auto& [name, part] : refused) {
    const std::string message = error_of([&, &name = name] { zip.find(name); });
    EXPECT_NE(message.find(part), std::string::npos) << name << ": " << message;
  }
  EXPECT_TRUE(zip.refused().at("sparse").is_tensor);
  EXPECT_TRUE(zip.refused().at("array").is_tensor);
  EXPECT_FALSE(zip.refused().at("args").is_tensor);
}

TEST(TorchZip, PassesDictKeysBy) {
  const std::string record = TensorRecord().str();
  const std::string keys[] = {"N", "\x88", "K\x01K\x02\x86", "G" + std::string(8, '\0'),
                              pickle_global("torch", "float32")};
  for (const std::string& key : keys) {
    const std::string file =
        torch_archive("}" + key + record + "s" + pickle_text("w") + record + "s");
    const TorchZip zip = TorchZip::parse(as_bytes(file), "x");
    EXPECT_EQ(zip.tensors().size(), 1u);
    EXPECT_NE(zip.find("w"), nullptr);
  }
}

TEST(TorchZip, ReadsProtocol1AndArchivesWithoutCrc) {
  const TorchZip foreign = TorchZip::open(golden("torch-zip/foreign.pt"));
  const TorchZip old = TorchZip::open(golden("torch-zip/protocol1.pt"));
  const TorchZip bare = TorchZip::open(golden("torch-zip/no-crc.pt"));
  EXPECT_EQ(old.scalars().at("flag"), TorchScalar(true));
  EXPECT_EQ(old.scalars().at("large"), TorchScalar(int64_t{1} << 40));
  for (const std::string name : {"weight", "bias"}) {
    EXPECT_EQ(old.find("model." + name)->data.size(), bare.find(name)->data.size());
    EXPECT_FALSE(bare.find(name)->data.empty());
    EXPECT_NE(foreign.find("model." + name), nullptr);
  }
}

TEST(TorchZip, ReadsScriptsWithDeflatedMembers) {
  if (!has_inflate()) GTEST_SKIP() << "built without zlib";
  const TorchZip script = TorchZip::open(golden("torch-zip/script.pt"));
  const TorchZip deflated = TorchZip::open(golden("torch-zip/deflated.pt"));
  EXPECT_EQ(script.find("conv.weight")->shape, (std::vector<int64_t>{4, 3, 2, 2}));
  EXPECT_EQ(script.find("conv.weight")->dtype, DType::kF16);
  EXPECT_EQ(values<int64_t>(*script.find("steps")), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(values<float>(*script.find("free")), (std::vector<float>{1, 1}));
  EXPECT_EQ(values<float>(*script.find("pair.1")), (std::vector<float>{0, 0}));
  EXPECT_EQ(script.scalars().at("names.1"), TorchScalar(std::string("b")));
  EXPECT_EQ(script.scalars().at("counts.1"), TorchScalar(int64_t{2}));
  EXPECT_EQ(script.scalars().at("table.x"), TorchScalar(int64_t{1}));
  EXPECT_TRUE(script.refused().empty());
  ASSERT_EQ(script.tensors().size(), deflated.tensors().size());
  for (size_t i = 0; i < script.tensors().size(); ++i) {
    EXPECT_EQ(script.tensors()[i].name, deflated.tensors()[i].name);
    EXPECT_TRUE(std::ranges::equal(script.tensors()[i].data, deflated.tensors()[i].data));
  }
}

TEST(TorchZip, TiedTensorsShareBytes) {
  const std::string record = TensorRecord().str();
  const std::string file =
      torch_archive("}" + pickle_text("a") + record + "s" + pickle_text("b") + record + "s");
  const TorchZip zip = TorchZip::parse(as_bytes(file), "x");
  EXPECT_EQ(zip.find("a")->data.data(), zip.find("b")->data.data());
}

TEST(TorchZip, RefusesOtherFiles) {
  expect_torch_zip_error("\x80\x02\x8a\x0a", "a bare pickle");
  expect_torch_zip_error("not a zip file at all, but long enough", "not a zip archive");
  expect_torch_zip_error(ZipBuilder().add("root/other", "x").str(), "got none");
  expect_torch_zip_error(ZipBuilder().add("/data.pkl", "x").str(), "got several");
  expect_torch_zip_error(ZipBuilder().add("a/data.pkl", "x").add("b/data.pkl", "x").str(),
                         "got several");
  expect_torch_zip_error(
      ZipBuilder().add("a/data.pkl", pickle("}")).add("a/byteorder", "big").str(),
      "byte order \"big\"");
  expect_torch_zip_error(torch_archive(pickle_global("os", "system") + pickle_text("id") + "\x85R"),
                         "os.system");
}

TEST(TorchZip, RefusesOddContent) {
  expect_torch_zip_error(torch_archive("K\x01"), "at the top, got an integer");
  expect_torch_zip_error(torch_archive(TensorRecord().str()),
                         "at the top, got a call of torch._utils._rebuild");
  expect_torch_zip_error(
      torch_archive(pickle_global("torch.nn.modules.linear", "Linear") + ")\x81}b"),
      "at the top, got an object of torch.nn.modules.linear.Linear");
  expect_torch_zip_error(
      torch_archive("}" + pickle_text("a") + "K\x01s" + pickle_text("a") + "K\x02s"), "duplicate");
  expect_torch_zip_error(torch_archive("}" + pickle_text("a.b") + "K\x01s" + pickle_text("a") +
                                       "}" + pickle_text("b") + "K\x02ss"),
                         "duplicate");
  expect_torch_zip_error(torch_archive("}" + pickle_text(std::string(4096, 'a')) + "Ns"),
                         "4096 bytes");
}

TEST(TorchZip, RefusesCyclesAndBombs) {
  expect_torch_zip_error(torch_archive("]q\x01h\x01"
                                       "a"),
                         "at most 64 levels");
  expect_torch_zip_error(torch_archive(std::string(100, ']') + std::string(99, 'a')),
                         "at most 64 levels");
  // Thirty levels of [x, x]: 2^30 leaves from a hundred bytes.
  std::string bomb = "]q\x01";
  for (int level = 1; level < 30; ++level) {
    const char slot = static_cast<char>(level);
    bomb = "](" + bomb + "h" + slot + "eq" + static_cast<char>(level + 1);
  }
  expect_torch_zip_error(torch_archive(bomb), "at most 200000 values");
}

TEST(TorchZip, ChecksTheCrcOfWhatItReads) {
  std::string file = torch_archive(TensorRecord());
  file[file.find("abcdef")] = 'z';
  expect_torch_zip_error(file, "root/data/0] expected bytes with the recorded CRC-32");
}

}  // namespace
}  // namespace flamingo::io
