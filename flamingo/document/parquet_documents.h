#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/document/document_file.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/parquet/parquet_file.h"

namespace flamingo::document {

/// OBELICS: a Parquet file with the columns "images" and "texts" and, where they are there,
/// "metadata" and "general_metadata" (texts). "texts" is a list of texts; "images" one of
/// addresses, as published, of picture files, or of structures of "bytes" and "path", as Hugging
/// Face's datasets writes pictures.
class ParquetDocuments : public DocumentFile {
 public:
  /// Throws Error naming the file as ParquetFile::parse does, and where a column is missing or
  /// holds something else.
  ParquetDocuments(const std::string& path, const parquet::ParquetLimits& limits);

  int64_t size() const override { return first_row_.back(); }
  std::string key(int64_t index) const override { return "row " + std::to_string(index); }
  /// As DocumentFile says. Costs the unpacking of a row group unless the last call was in it too;
  /// a damaged page is the Error of all rows of its row group.
  Document read(int64_t index) const override;

 private:
  /// Which of the columns hold what; nothing for those that the file lacks.
  struct Columns {
    size_t texts = 0;
    std::optional<size_t> images;  ///< addresses, or files
    std::optional<size_t> bytes;   ///< of pictures in structures
    std::optional<size_t> paths;
    std::optional<size_t> metadata;
    std::optional<size_t> general_metadata;
  };
  struct RowGroup;

  Columns find_columns() const;
  std::optional<size_t> find_list(const std::string& name, const std::string& field = {}) const;
  std::optional<size_t> find_text(const std::string& name) const;
  std::shared_ptr<const RowGroup> row_group(size_t index) const;

  io::MappedFile file_;
  parquet::ParquetFile parquet_;
  Columns columns_;
  std::vector<int64_t> first_row_;  ///< of each row group, and the number of rows
  mutable std::mutex mutex_;        ///< guards last_
  mutable std::shared_ptr<const RowGroup> last_;
};

}  // namespace flamingo::document
