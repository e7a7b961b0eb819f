#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/parquet/footer.h"
#include "flamingo/parquet/plain.h"

namespace flamingo::parquet {

/// A column of a row group. An entry is a value, a null or an empty list.
struct ParquetValues {
  ParquetColumn column;
  std::vector<int64_t> row_begin;   ///< first entry of each row, and at the end their number
  std::vector<uint8_t> definition;  ///< an entry; a value where it is column.max_definition
  /// One an entry, 0 or empty where it is none; bytes are views of the file or of `pages`.
  ParquetPlain values;
  std::deque<std::string> pages;  ///< unpacked, and values put together

  ParquetValues() = default;
  ParquetValues(ParquetValues&&) = default;
  ParquetValues& operator=(ParquetValues&&) = default;

  int64_t num_rows() const { return std::ssize(row_begin) - 1; }
  /// The entries of a row of a column of bytes: one for a column without lists, one an element for
  /// a list (none for an empty list or none at all); nothing where a null is.
  /// Throws Error for a column of numbers.
  std::vector<std::optional<std::string_view>> texts(int64_t row) const;
};

/// A Parquet file read by column and row group: pages of version 1 and 2, plain, with a dictionary,
/// by deltas or split by bytes; booleans, whole numbers of 32 and 64 bits, float, double and bytes;
/// packed with nothing, Snappy, gzip, Brotli, LZ4 or zstd. Checksums are verified where the writer
/// left them.
class ParquetFile {
 public:
  /// Reads the description at the end of `bytes`, which must outlive the file and its values.
  /// Throws Error naming `where` as read_parquet_footer does.
  static ParquetFile parse(std::span<const std::byte> bytes, const std::string& where,
                           const ParquetLimits& limits = {});

  const std::vector<ParquetColumn>& columns() const { return footer_.columns; }
  const std::vector<ParquetRowGroup>& row_groups() const { return footer_.row_groups; }

  /// A column of a row group, unpacked. Throws Error naming the column and row group: damaged, over
  /// a limit, an encoding, codec or type that is not one of the above. Others stay good.
  ParquetValues read(size_t row_group, size_t column) const;

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
  ParquetLimits limits_;
  ParquetFooter footer_;
};

}  // namespace flamingo::parquet
