// Every parser of checkpoint files, fed with damaged files: the answer is an Error or a result,
// never a crash. Run under the sanitizers this also proves that no view leaves its file.

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "flamingo/core/rng.h"
#include "flamingo/io/crc.h"
#include "flamingo/io/gguf.h"
#include "flamingo/io/safetensors.h"
#include "flamingo/io/torch_zip.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::golden_bytes;

constexpr int kFlips = 10'000;
constexpr int kRandomCuts = 1'000;
constexpr size_t kSmallFile = 64 << 10;

/// Parses a file; the result says what was read, for comparison.
using Parse = std::function<std::string(const std::string& bytes)>;

/// Name, shape and a checksum of the bytes of all tensors; reads every byte of every view.
template <class Tensors>
std::string summary(const Tensors& tensors) {
  std::string text;
  for (const auto& tensor : tensors) {
    text += tensor.name + " " + std::to_string(crc32(tensor.data));
    for (const int64_t extent : tensor.shape) text += " " + std::to_string(extent);
    text += "\n";
  }
  return text;
}

std::string parse_safetensors(const std::string& bytes) {
  return summary(Safetensors::parse(as_bytes(bytes), "x").tensors());
}
std::string parse_gguf(const std::string& bytes) {
  return summary(Gguf::parse(as_bytes(bytes), "x").tensors());
}
std::string parse_torch(const std::string& bytes) {
  return summary(TorchZip::parse(as_bytes(bytes), "x").tensors());
}

/// What `parse` says about `bytes`, or nothing when it threw Error. Other exceptions fail the test.
/// The exact copy lets a sanitizer see a read of one byte too many.
std::optional<std::string> outcome(const Parse& parse, std::string_view bytes) {
  std::string exact(bytes);
  exact.shrink_to_fit();
  try {
    return parse(exact);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// No proper prefix of a file is a file.
void expect_prefixes_refused(const Parse& parse, const std::string& file, size_t header_bytes) {
  const bool small = file.size() <= kSmallFile;
  const size_t dense = small ? file.size() : header_bytes;
  for (size_t size = 0; size < dense; ++size) {
    ASSERT_FALSE(outcome(parse, file.substr(0, size))) << "prefix of " << size << " bytes";
  }
  Rng rng(testing::seeded(1));
  for (int i = 0; !small && i < kRandomCuts; ++i) {
    const size_t size = rng.below(file.size());
    ASSERT_FALSE(outcome(parse, file.substr(0, size))) << "prefix of " << size << " bytes";
  }
}

/// Changes one byte at a time among the first `range` bytes and returns how many of the results
/// differ from the undamaged file's.
int count_changed(const Parse& parse, std::string file, size_t range, int flips) {
  const std::optional<std::string> expected = outcome(parse, file);
  EXPECT_TRUE(expected.has_value());
  Rng rng(testing::seeded(2));
  int changed = 0;
  for (int i = 0; i < flips; ++i) {
    const size_t position = rng.below(range);
    const char before = file[position];
    file[position] = static_cast<char>(before ^ static_cast<char>(1 + rng.below(255)));
    const std::optional<std::string> actual = outcome(parse, file);
    changed += actual.has_value() && actual != expected;
    file[position] = before;
  }
  return changed;
}

TEST(Mutation, SafetensorsPrefixes) {
  expect_prefixes_refused(&parse_safetensors, golden_bytes("gguf-tiny/expected.safetensors"), 0);
}

TEST(Mutation, SafetensorsFlips) {
  const std::string file = golden_bytes("gguf-tiny/expected.safetensors");
  count_changed(&parse_safetensors, file, file.size(), kFlips);
  count_changed(&parse_safetensors, file, 256, kFlips);  // the header alone
}

TEST(Mutation, GgufPrefixes) {
  expect_prefixes_refused(&parse_gguf, golden_bytes("gguf-tiny/model.gguf"), 8 << 10);
}

TEST(Mutation, GgufFlips) {
  const std::string file = golden_bytes("gguf-tiny/model.gguf");
  count_changed(&parse_gguf, file, 8 << 10, kFlips);  // metadata and tensor table
  count_changed(&parse_gguf, file, file.size(), kFlips);
}

TEST(Mutation, TorchZipPrefixes) {
  expect_prefixes_refused(&parse_torch, golden_bytes("torch-zip/training.pt"), 0);
  expect_prefixes_refused(&parse_torch, golden_bytes("clip-vit-tiny/quick_gelu/openai/archive.pt"),
                          1000);
}

TEST(Mutation, TorchZipFlipsNeverChangeATensor) {
  for (const char* name : {"torch-zip/training.pt", "torch-zip/strided.pt"}) {
    const std::string file = golden_bytes(name);
    EXPECT_EQ(count_changed(&parse_torch, file, file.size(), kFlips), 0) << name;
  }
}

TEST(Mutation, TorchLegacyPrefixesAndFlips) {
  const std::string file = golden_bytes("torch-zip/legacy.pt");
  expect_prefixes_refused(&parse_torch, file, 0);
  count_changed(&parse_torch, file, file.size(), kFlips);  // without checksums they may
}

TEST(Mutation, TorchScriptFlipsNeverChangeATensor) {
  const std::string file = golden_bytes("clip-vit-tiny/quick_gelu/openai/archive.pt");
  EXPECT_EQ(count_changed(&parse_torch, file, file.size(), 1000), 0);
}

}  // namespace
}  // namespace flamingo::io
