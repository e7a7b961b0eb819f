#include "flamingo/document/parquet_documents.h"

#include <algorithm>
#include <span>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/document/obelics.h"
#include "flamingo/media/probe.h"

namespace flamingo::document {
namespace {

std::vector<std::optional<std::string>> copy_texts(const parquet::ParquetValues& values,
                                                   int64_t row) {
  std::vector<std::optional<std::string>> texts;
  for (const auto& text : values.texts(row)) texts.emplace_back(text);
  return texts;
}

/// The text of a cell, or "" for a null and a column that is not there.
std::string copy_text(const std::optional<parquet::ParquetValues>& values, int64_t row) {
  return values ? std::string(values->texts(row).at(0).value_or("")) : std::string();
}

/// The pictures of a list; a value that is a picture's file is never taken for an address.
std::vector<std::optional<ObelicsPicture>> copy_pictures(const parquet::ParquetValues& values,
                                                         int64_t row) {
  std::vector<std::optional<ObelicsPicture>> pictures;
  for (const auto& value : values.texts(row)) {
    auto& picture = pictures.emplace_back();
    if (!value) continue;
    picture.emplace();
    const bool is_file = media::image_format(std::as_bytes(std::span(*value))).has_value();
    (is_file ? picture->bytes : picture->url) = *value;
  }
  return pictures;
}

/// The pictures of a list of structures of bytes and path, of which one column may be missing.
std::vector<std::optional<ObelicsPicture>> join_pictures(
    const std::optional<parquet::ParquetValues>& bytes,
    const std::optional<parquet::ParquetValues>& paths, int64_t row) {
  std::vector<std::optional<ObelicsPicture>> pictures;
  const auto take = [&](const std::optional<parquet::ParquetValues>& values, auto member) {
    if (!values) return;
    const auto texts = values->texts(row);
    pictures.resize(std::max(pictures.size(), texts.size()));
    for (size_t i = 0; i < texts.size(); ++i) {
      if (!texts[i]) continue;
      if (!pictures[i]) pictures[i].emplace();
      *pictures[i].*member = *texts[i];
    }
  };
  take(bytes, &ObelicsPicture::bytes);
  take(paths, &ObelicsPicture::url);
  return pictures;
}

/// What follows NAME. in a path, or nothing.
std::optional<std::string_view> path_below(const parquet::ParquetColumn& column,
                                           const std::string& name) {
  if (!column.path.starts_with(name + ".")) return std::nullopt;
  return std::string_view(column.path).substr(name.size() + 1);
}

}  // namespace

struct ParquetDocuments::RowGroup {
  size_t index = 0;
  parquet::ParquetValues texts;
  std::optional<parquet::ParquetValues> images, bytes, paths, metadata, general_metadata;
};

ParquetDocuments::ParquetDocuments(const std::string& path, const parquet::ParquetLimits& limits)
    : file_(path),
      parquet_(parquet::ParquetFile::parse(file_.bytes(), path, limits)),
      columns_(find_columns()),
      first_row_{0} {
  for (const parquet::ParquetRowGroup& group : parquet_.row_groups())
    first_row_.push_back(first_row_.back() + group.num_rows);
}

ParquetDocuments::Columns ParquetDocuments::find_columns() const {
  const auto texts = find_list("texts");
  Columns columns{.texts = texts.value_or(0),
                  .images = find_list("images"),
                  .bytes = find_list("images", "bytes"),
                  .paths = find_list("images", "path"),
                  .metadata = find_text("metadata"),
                  .general_metadata = find_text("general_metadata")};
  if (!columns.bytes) columns.paths.reset();
  std::string paths;
  for (const parquet::ParquetColumn& column : parquet_.columns())
    paths += (paths.empty() ? "" : ", ") + column.path;
  require(texts && (columns.images || columns.bytes), file_.path(),
          "expected columns \"texts\" (a list of texts) and \"images\" (a list of texts, or of "
          "structures of \"bytes\" and \"path\"), got {}",
          paths, Hint{"pictures of img2dataset are in the tar beside its Parquet file"});
  return columns;
}

/// The column of bytes in the list `name`: its elements, of which nothing else is stored, or a
/// field of them. A list is "name.list.element" or, as old writers have it, "name.array".
std::optional<size_t> ParquetDocuments::find_list(const std::string& name,
                                                  const std::string& field) const {
  std::optional<size_t> found;
  size_t num_columns = 0;
  for (size_t i = 0; i < parquet_.columns().size(); ++i) {
    const parquet::ParquetColumn& column = parquet_.columns()[i];
    const bool bare = column.path == name && field.empty();
    const auto below = bare ? std::string_view() : path_below(column, name);
    if (!below) continue;
    ++num_columns;
    const auto depth = std::ranges::count(*below, '.');
    const bool named = field.empty() ? depth <= 1 : depth >= 1 && below->ends_with("." + field);
    const bool is_list = column.type == parquet::ParquetType::kBytes && column.max_repetition == 1;
    if (named && is_list) found = i;
  }
  return field.empty() && num_columns != 1 ? std::nullopt : found;
}

std::optional<size_t> ParquetDocuments::find_text(const std::string& name) const {
  for (size_t i = 0; i < parquet_.columns().size(); ++i) {
    const parquet::ParquetColumn& column = parquet_.columns()[i];
    if (column.path == name && column.type == parquet::ParquetType::kBytes &&
        column.max_repetition == 0)
      return i;
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
      RowGroup{index, parquet_.read(index, columns_.texts), read_if(columns_.images),
               read_if(columns_.bytes), read_if(columns_.paths), read_if(columns_.metadata),
               read_if(columns_.general_metadata)});
  const std::lock_guard lock(mutex_);
  last_ = group;
  return group;
}

Document ParquetDocuments::read(int64_t index) const {
  const std::string where = file_.path() + ": " + key(index);
  require(index >= 0 && index < size(), where, "expected a row below {}, got {}", size(), index);
  const auto after = std::ranges::upper_bound(first_row_, index);
  const auto group_index = static_cast<size_t>(after - first_row_.begin()) - 1;
  const auto group = row_group(group_index);
  const int64_t row = index - first_row_[group_index];
  auto pictures = group->images ? copy_pictures(*group->images, row)
                                : join_pictures(group->bytes, group->paths, row);
  return obelics_document(
      {copy_texts(group->texts, row), std::move(pictures), copy_text(group->metadata, row),
       copy_text(group->general_metadata, row)},
      where);
}

}  // namespace flamingo::document
