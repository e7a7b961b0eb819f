#include "flamingo/document/parquet_documents.h"

#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/document/obelics.h"

namespace flamingo {
namespace {

std::vector<std::optional<std::string>> copy_texts(const ParquetValues& values, int64_t row) {
  std::vector<std::optional<std::string>> texts;
  for (const auto& text : values.texts(row)) texts.emplace_back(text);
  return texts;
}

/// The text of a cell, or "" for a null and a column that is not there.
std::string copy_text(const std::optional<ParquetValues>& values, int64_t row) {
  return values ? std::string(values->texts(row).at(0).value_or("")) : std::string();
}

}  // namespace

struct ParquetDocuments::RowGroup {
  size_t index = 0;
  ParquetValues images;
  ParquetValues texts;
  std::optional<ParquetValues> metadata;
  std::optional<ParquetValues> general_metadata;
};

ParquetDocuments::ParquetDocuments(const std::string& path, const ParquetLimits& limits)
    : file_(path),
      parquet_(ParquetFile::parse(file_.bytes(), path, limits)),
      columns_(find_columns()),
      first_row_{0} {
  for (const ParquetRowGroup& group : parquet_.row_groups())
    first_row_.push_back(first_row_.back() + group.num_rows);
}

ParquetDocuments::Columns ParquetDocuments::find_columns() const {
  const auto images = find_column("images", true);
  const auto texts = find_column("texts", true);
  std::string paths;
  for (const ParquetColumn& column : parquet_.columns())
    paths += (paths.empty() ? "" : ", ") + column.path;
  require(images && texts, file_.path(),
          "expected columns \"images\" and \"texts\" (lists of texts), got " + paths,
          "pictures of img2dataset are in the tar beside its Parquet file");
  return {*images, *texts, find_column("metadata", false), find_column("general_metadata", false)};
}

std::optional<size_t> ParquetDocuments::find_column(const std::string& name, bool is_list) const {
  for (size_t i = 0; i < parquet_.columns().size(); ++i) {
    const ParquetColumn& column = parquet_.columns()[i];
    const bool named = is_list ? column.path.starts_with(name + ".") : column.path == name;
    if (named && column.type == ParquetType::kBytes && column.max_repetition == is_list) return i;
  }
  return std::nullopt;
}

std::shared_ptr<const ParquetDocuments::RowGroup> ParquetDocuments::row_group(size_t index) const {
  {
    const std::lock_guard lock(mutex_);
    if (last_ && last_->index == index) return last_;
  }
  const auto read_if = [&](const std::optional<size_t>& column) {
    return column ? std::optional(parquet_.read(index, *column)) : std::nullopt;
  };
  auto group = std::make_shared<const RowGroup>(
      RowGroup{index, parquet_.read(index, columns_.images), parquet_.read(index, columns_.texts),
               read_if(columns_.metadata), read_if(columns_.general_metadata)});
  const std::lock_guard lock(mutex_);
  last_ = group;
  return group;
}

Document ParquetDocuments::read(int64_t index) const {
  const std::string where = file_.path() + ": " + key(index);
  require(index >= 0 && index < size(), where,
          "expected a row below " + std::to_string(size()) + ", got another");
  const auto after = std::ranges::upper_bound(first_row_, index);
  const auto group_index = static_cast<size_t>(after - first_row_.begin()) - 1;
  const auto group = row_group(group_index);
  const int64_t row = index - first_row_[group_index];
  return obelics_document(
      {copy_texts(group->texts, row), copy_texts(group->images, row),
       copy_text(group->metadata, row), copy_text(group->general_metadata, row)},
      where);
}

}  // namespace flamingo
