#include "flamingo/parquet/parquet_file.h"

#include <gtest/gtest.h>

#include <optional>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo {
namespace {

using testing::as_bytes;
using testing::error_of;
using testing::golden_bytes;

size_t column_of(const ParquetFile& file, const std::string& path) {
  for (size_t i = 0; i < file.columns().size(); ++i) {
    if (file.columns()[i].path == path) return i;
  }
  ADD_FAILURE() << "no column " << path;
  return 0;
}

Json text_json(const std::optional<std::string_view>& text) {
  return text ? Json(std::string(*text)) : Json();
}

/// Cell `row` as pyarrow's to_pydict has it, but a missing list is an empty one.
Json cell(const ParquetValues& values, int64_t row) {
  const auto at = static_cast<size_t>(values.row_begin[static_cast<size_t>(row)]);
  if (values.column.type == ParquetType::kBytes) {
    const auto texts = values.texts(row);
    if (values.column.max_repetition == 0) return text_json(texts.at(0));
    Json list = Json::array();
    for (const auto& text : texts) list.push_back(text_json(text));
    return list;
  }
  if (values.definition[at] < values.column.max_definition) return {};
  if (const auto* whole = std::get_if<std::vector<int64_t>>(&values.values)) {
    if (values.column.type == ParquetType::kBool) return (*whole)[at] == 1;
    return (*whole)[at];
  }
  return std::get<std::vector<double>>(values.values)[at];
}

/// All rows of a column.
Json read_all(const ParquetFile& file, const std::string& path) {
  Json cells = Json::array();
  for (size_t group = 0; group < file.row_groups().size(); ++group) {
    const ParquetValues values = file.read(group, column_of(file, path));
    for (int64_t row = 0; row < values.num_rows(); ++row) cells.push_back(cell(values, row));
  }
  return cells;
}

class ParquetCodecs : public ::testing::TestWithParam<const char*> {};

TEST_P(ParquetCodecs, ReadsWhatPyarrowWrote) {
  const Json expected = read_json_file(testing::golden("parquet/expected.json"));
  for (const char* rest : {"-v1-dictionary", "-v1-plain", "-v2-dictionary", "-v2-plain"}) {
    const std::string name = std::string("parquet/") + GetParam() + rest + ".parquet";
    const std::string bytes = golden_bytes(name);
    const ParquetFile file = ParquetFile::parse(as_bytes(bytes), name);
    ASSERT_EQ(file.row_groups().size(), 2u) << name;
    for (const auto& [column, cells] : expected.items()) {
      const bool is_list = column == "images" || column == "texts";
      Json wanted = cells;
      for (Json& one : wanted) {
        if (is_list && one.is_null()) one = Json::array();
      }
      EXPECT_EQ(read_all(file, column + (is_list ? ".list.element" : "")), wanted)
          << name << " " << column;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ParquetCodecs, ::testing::Values("none", "snappy", "gzip", "zstd"));

TEST(ParquetFile, ReadsManySmallPages) {
  const std::string bytes = golden_bytes("parquet/long.parquet");
  const ParquetFile file = ParquetFile::parse(as_bytes(bytes), "long");
  const ParquetValues words = file.read(0, column_of(file, "word"));
  const ParquetValues lists = file.read(0, column_of(file, "list.list.element"));
  const ParquetValues runs = file.read(0, column_of(file, "run"));
  ASSERT_EQ(words.num_rows(), 2000);
  for (int64_t i = 0; i < 2000; ++i) {
    const std::string text = "word " + std::to_string(i * i % 300);
    std::optional<std::string_view> word;
    if (i % 7 != 0) word = text;
    ASSERT_EQ(words.texts(i).at(0), word) << i;
    ASSERT_EQ(lists.texts(i), std::vector(static_cast<size_t>(i % 4), word)) << i;
    ASSERT_EQ(std::get<0>(runs.values)[static_cast<size_t>(i)], i / 500);
  }
}

TEST(ParquetFile, ReadsOldNamesOfLists) {
  const std::string bytes = golden_bytes("parquet/old-names.parquet");
  const ParquetFile file = ParquetFile::parse(as_bytes(bytes), "old");
  EXPECT_EQ(read_all(file, "images.list.item"),
            Json::parse(R"([["https://pets.example/a.jpg"], [null]])"));
}

TEST(ParquetFile, NamesWhatItDoesNotRead) {
  const std::string lz4 = golden_bytes("parquet/lz4.parquet");
  const std::string delta = golden_bytes("parquet/delta.parquet");
  const auto read = [](const std::string& bytes) {
    return error_of([&] { ParquetFile::parse(as_bytes(bytes), "x.parquet").read(0, 0); });
  };
  EXPECT_NE(read(lz4).find("[x.parquet: small of row group 0]"), std::string::npos) << read(lz4);
  EXPECT_NE(read(lz4).find("LZ4"), std::string::npos) << read(lz4);
  EXPECT_NE(read(delta).find("encoding 5"), std::string::npos) << read(delta);
  std::string encrypted = lz4;
  encrypted.back() = 'E';
  EXPECT_NE(read(encrypted).find("encrypted"), std::string::npos) << read(encrypted);
}

TEST(ParquetFile, ChecksumsFindADamagedPage) {
  std::string bytes = golden_bytes("parquet/none-v1-plain.parquet");
  const std::string value("\x09\0\0\0My puppy.", 13);  // not its copies in the statistics
  bytes[bytes.find(value) + 4] = 'm';
  const ParquetFile file = ParquetFile::parse(as_bytes(bytes), "x");
  const std::string message =
      error_of([&] { file.read(0, column_of(file, "texts.list.element")); });
  EXPECT_NE(message.find("CRC-32"), std::string::npos) << message;
  EXPECT_NO_THROW(file.read(0, column_of(file, "images.list.element")));
}

TEST(ParquetFile, LimitsHold) {
  const std::string bytes = golden_bytes("parquet/long.parquet");
  const auto read = [&](const ParquetLimits& limits) {
    return error_of([&] { ParquetFile::parse(as_bytes(bytes), "x", limits).read(0, 0); });
  };
  EXPECT_NE(read({.max_footer_bytes = 100}).find("at most 100"), std::string::npos);
  EXPECT_NE(read({.max_columns = 3}).find("at most 3"), std::string::npos);
  EXPECT_NE(read({.max_entries = 1999}).find("at most 1999 entries"), std::string::npos);
  EXPECT_NE(read({.max_column_bytes = 1000}).find("at most 1000"), std::string::npos);
  const ParquetLimits enough{.max_columns = 6, .max_entries = 2000};
  EXPECT_NO_THROW(ParquetFile::parse(as_bytes(bytes), "x", enough).read(0, 0));
}

}  // namespace
}  // namespace flamingo
