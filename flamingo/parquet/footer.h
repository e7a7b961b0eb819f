#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace flamingo::parquet {

/// What a Parquet file may hold, applied before anything is allocated.
struct ParquetLimits {
  uint64_t max_footer_bytes = 64ull << 20;
  int64_t max_columns = 10'000;            ///< elements of the schema
  int64_t max_entries = 16ll << 20;        ///< of a column in a row group, nulls included
  uint64_t max_column_bytes = 1ull << 30;  ///< of a column in a row group, unpacked

  template <class Visitor>
  void visit(Visitor& v) {
    v("max_footer_bytes", max_footer_bytes, "most bytes of the description at the end");
    v("max_columns", max_columns, "most elements of the schema");
    v("max_entries", max_entries, "most entries of a column in a row group, nulls included");
    v("max_column_bytes", max_column_bytes, "most unpacked bytes of a column in a row group");
  }
};

/// How values are stored; numbers as in the file.
enum class ParquetType : uint8_t {
  kBool = 0,
  kInt32 = 1,
  kInt64 = 2,
  kInt96 = 3,
  kFloat = 4,
  kDouble = 5,
  kBytes = 6,
  kFixedBytes = 7,
};

/// A column: a leaf of the schema.
struct ParquetColumn {
  std::string path;  ///< names from the top, with dots: "images.list.element"
  ParquetType type = ParquetType::kBytes;
  uint8_t max_repetition = 0;       ///< lists around a value
  uint8_t max_definition = 0;       ///< lists and optional things down to a value, itself included
  uint8_t repeated_definition = 0;  ///< those of them down to the innermost list; 0: no list
};

/// Where a column's pages of a row group are.
struct ParquetChunk {
  int64_t codec = 0;        ///< CompressionCodec of the format
  int64_t num_entries = 0;  ///< values, nulls and empty lists
  uint64_t offset = 0;      ///< of the first page in the file, bytes
  uint64_t size = 0;        ///< of all pages, bytes
};

/// Rows that are stored together.
struct ParquetRowGroup {
  int64_t num_rows = 0;
  std::vector<ParquetChunk> chunks;  ///< one a column
};

/// What the end of a file says about it.
struct ParquetFooter {
  std::vector<ParquetColumn> columns;
  std::vector<ParquetRowGroup> row_groups;
};

/// Reads the description at the end of a Parquet file; every chunk it names is inside the file.
/// Source: github.com/apache/parquet-format, README.md and parquet.thrift.
/// Throws Error naming `where`: another format, encrypted, cut off, damaged, over a limit.
ParquetFooter read_parquet_footer(std::span<const std::byte> bytes, const std::string& where,
                                  const ParquetLimits& limits = {});

}  // namespace flamingo::parquet
