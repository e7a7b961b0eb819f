// Parquet files that are cut off or changed: the answer is an Error or a result, never a crash.

#include <gtest/gtest.h>

#include <optional>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/parquet/parquet_file.h"
#include "tests/io/byte_builder.h"
#include "tests/support/seed.h"

namespace flamingo::parquet {
namespace {

constexpr int kFlips = 900;  // 10,000 over the files
constexpr ParquetLimits kLimits{.max_entries = 1 << 20, .max_column_bytes = 16 << 20};

/// Reads every value of every column; how many bytes of text there were.
size_t read_everything(const std::string& bytes) {
  const ParquetFile file = ParquetFile::parse(testing::as_bytes(bytes), "x", kLimits);
  size_t sum = 0;
  for (size_t group = 0; group < file.row_groups().size(); ++group) {
    for (size_t column = 0; column < file.columns().size(); ++column) {
      try {
        const ParquetValues values = file.read(group, column);
        if (!std::holds_alternative<std::vector<std::string_view>>(values.values)) continue;
        for (int64_t row = 0; row < values.num_rows(); ++row) {
          for (const auto& text : values.texts(row)) sum += text ? std::string(*text).size() : 1;
        }
      } catch (const Error&) {
        ++sum;
      }
    }
  }
  return sum;
}

std::optional<size_t> outcome(std::string_view bytes) {
  std::string exact(bytes);  // of this size, so that a sanitizer sees one byte too many
  exact.shrink_to_fit();
  try {
    return read_everything(exact);
  } catch (const Error&) {
    return std::nullopt;
  }
}

class ParquetMutation : public ::testing::TestWithParam<const char*> {
 protected:
  const std::string file_ =
      testing::golden_bytes("parquet/" + std::string(GetParam()) + ".parquet");
};

TEST_P(ParquetMutation, NoPrefixIsAFile) {
  for (size_t size = 0; size < file_.size(); ++size)
    ASSERT_FALSE(outcome(std::string_view(file_).substr(0, size))) << size;
}

TEST_P(ParquetMutation, Flips) {
  ASSERT_TRUE(outcome(file_));
  std::string file = file_;
  Rng rng(testing::seeded(3));
  int num_read = 0;
  for (int i = 0; i < kFlips; ++i) {
    const size_t position = rng.below(file.size());
    const char before = file[position];
    file[position] = static_cast<char>(before ^ static_cast<char>(1 + rng.below(255)));
    num_read += outcome(file).has_value();
    file[position] = before;
  }
  EXPECT_GT(num_read, kFlips / 10);  // damage stays with a column: the file opens
}

INSTANTIATE_TEST_SUITE_P(Files, ParquetMutation,
                         ::testing::Values("none-v1-plain", "none-v2-dictionary",
                                           "snappy-v1-dictionary", "snappy-v2-plain",
                                           "gzip-v2-dictionary", "zstd-v1-plain", "long",
                                           "old-names", "lz4-v2-dictionary", "delta-shared-v2",
                                           "embedded"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace flamingo::parquet
