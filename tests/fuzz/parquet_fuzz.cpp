#include "flamingo/core/error.h"
#include "flamingo/parquet/parquet_file.h"
#include "tests/fuzz/fuzz.h"

/// A Parquet file's description, and every column of every row group.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const parquet::ParquetLimits small{.max_entries = 1 << 16, .max_column_bytes = 4 << 20};
  const auto file = parquet::ParquetFile::parse(input, "fuzz", small);
  for (size_t group = 0; group < file.row_groups().size() && group < 8; ++group) {
    for (size_t column = 0; column < file.columns().size() && column < 8; ++column) {
      try {
        const parquet::ParquetValues values = file.read(group, column);
        if (!std::holds_alternative<std::vector<std::string_view>>(values.values)) continue;
        for (int64_t row = 0; row < values.num_rows(); ++row) {
          for (const auto& text : values.texts(row)) read_all(text.value_or(""));
        }
      } catch (const Error&) {  // one column; the others stay good
      }
    }
  }
}
