#include "flamingo/parquet/parquet_file.h"

#include <gtest/gtest.h>

#include <optional>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "tests/io/byte_builder.h"

namespace flamingo::parquet {
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
  std::vector<std::string> rests = {"-v1-dictionary", "-v1-plain", "-v2-dictionary", "-v2-plain"};
  if (std::string_view(GetParam()).find('-') != std::string_view::npos) rests = {""};
  for (const std::string& rest : rests) {
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

INSTANTIATE_TEST_SUITE_P(All, ParquetCodecs,
                         ::testing::Values("none", "snappy", "gzip", "zstd", "brotli-v2-dictionary",
                                           "lz4-v2-dictionary", "delta-length-v1",
                                           "delta-length-v2", "delta-shared-v1",
                                           "delta-shared-v2"));

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

TEST(ParquetFile, ReadsDeltasOfEveryWidth) {
  const std::string bytes = golden_bytes("parquet/deltas.parquet");
  const ParquetFile file = ParquetFile::parse(as_bytes(bytes), "deltas");
  const ParquetValues steps = file.read(0, column_of(file, "step"));
  const ParquetValues small = file.read(0, column_of(file, "small"));
  const ParquetValues texts = file.read(0, column_of(file, "shared"));
  ASSERT_EQ(texts.num_rows(), 1000);
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t step = (i * i * 2654435761u >> i % 64) - (1ull << 63);
    ASSERT_EQ(std::get<0>(steps.values)[i], static_cast<int64_t>(step)) << i;
    ASSERT_EQ(std::get<0>(small.values)[i], static_cast<int64_t>(step) >> 32) << i;
    char text[64];
    std::snprintf(text, sizeof text, "https://pets.example/%05d.jpg",
                  static_cast<int>(i * 7919 % 1000));
    ASSERT_EQ(texts.texts(static_cast<int64_t>(i)).at(0), text);
  }
}

TEST(ParquetFile, APageOfNullsNeedsNoBytes) {
  const std::string bytes = golden_bytes("parquet/empty-v2.parquet");
  const ParquetFile file = ParquetFile::parse(as_bytes(bytes), "empty");
  const ParquetValues values = file.read(0, 0);
  ASSERT_EQ(values.num_rows(), 1);
  EXPECT_LT(values.definition[0], values.column.max_definition);
}

/// Changes the one page header of a file of one column by hand.
TEST(ParquetFile, NamesWhatItDoesNotRead) {
  std::string bytes = golden_bytes("parquet/old-names.parquet");
  const auto error = [](const std::string& changed) {
    return error_of([&] { ParquetFile::parse(as_bytes(changed), "x.parquet").read(0, 0); });
  };
  const size_t at = bytes.find("\x15\x10\x15\x06\x15\x06");  // encodings of values and levels
  ASSERT_NE(at, std::string::npos);
  std::string changed = bytes;
  changed[at + 1] = 2 * 9;
  EXPECT_NE(error(changed).find("[x.parquet: images.list.item of row group 0]"), std::string::npos);
  changed[at + 1] = 2 * 5;
  EXPECT_NE(error(changed).find("encoding 5"), std::string::npos) << error(changed);
  std::string encrypted = bytes;
  encrypted.back() = 'E';
  EXPECT_NE(error(encrypted).find("encrypted"), std::string::npos) << error(encrypted);
}

TEST(ParquetFile, SharedBeginningsCountAsUnpacked) {
  const std::string bytes = golden_bytes("parquet/deltas.parquet");
  const auto read = [&](uint64_t max_bytes) {
    const ParquetFile file =
        ParquetFile::parse(as_bytes(bytes), "x", {.max_column_bytes = max_bytes});
    file.read(0, column_of(file, "shared"));
  };
  EXPECT_NO_THROW(read(60'000));
  EXPECT_NE(error_of([&] { read(25'000); }).find("of values"), std::string::npos)
      << "30,000 bytes of texts from 15,000";
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
}  // namespace flamingo::parquet
