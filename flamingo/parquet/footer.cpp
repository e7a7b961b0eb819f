#include "flamingo/parquet/footer.h"

#include <optional>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/parquet/thrift.h"

namespace flamingo::parquet {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kEncryptedMagic = "PARE";
constexpr uint64_t kTailBytes = 8;  // length of the footer and magic
constexpr int kMaxLevels = 32;
constexpr size_t kMaxNameBytes = 1000;

/// SchemaElement of the format: the schema is a tree, written root first.
struct Element {
  std::string_view name;
  std::optional<int64_t> type;
  int64_t repetition = 0;  ///< 0 required, 1 optional, 2 repeated
  int64_t num_children = 0;
};

struct Description {
  std::vector<Element> schema;
  std::vector<ParquetRowGroup> row_groups;
  int64_t num_rows = -1;
};

Element read_element(ThriftReader& reader, const ThriftField& item) {
  Element element;
  reader.read_struct(item, [&](const ThriftField& field) {
    switch (field.id) {
      case 1:
        element.type = reader.integer(field, 0, 7);
        return;
      case 3:
        element.repetition = reader.integer(field, 0, 2);
        return;
      case 4:
        element.name = reader.text(field);
        return;
      case 5:
        element.num_children = reader.integer(field, 0, INT32_MAX);
        return;
    }
    reader.skip(field);
  });
  return element;
}

/// Offsets as ColumnMetaData has them; -1: not given.
struct ChunkOffsets {
  int64_t data = -1;
  int64_t dictionary = -1;
  int64_t size = -1;
};

ParquetChunk read_chunk_description(ThriftReader& reader, const ThriftField& metadata,
                                    const std::string& where) {
  ParquetChunk chunk{.codec = -1, .num_entries = -1};
  ChunkOffsets at;
  reader.read_struct(metadata, [&](const ThriftField& field) {
    switch (field.id) {
      case 4:
        chunk.codec = reader.integer(field, 0, 255);
        return;
      case 5:
        chunk.num_entries = reader.integer(field, 0, INT64_MAX);
        return;
      case 7:
        at.size = reader.integer(field, 0, INT64_MAX);
        return;
      case 9:
        at.data = reader.integer(field, 0, INT64_MAX);
        return;
      case 11:
        at.dictionary = reader.integer(field, 0, INT64_MAX);
        return;
    }
    reader.skip(field);
  });
  require(chunk.codec >= 0 && chunk.num_entries >= 0 && at.data >= 0 && at.size >= 0, where,
          "expected codec, number of values, size and offset of a column, got not all");
  const bool dictionary_first = at.dictionary > 0 && at.dictionary < at.data;  // 0: some writers
  chunk.offset = static_cast<uint64_t>(dictionary_first ? at.dictionary : at.data);
  chunk.size = static_cast<uint64_t>(at.size);
  return chunk;
}

ParquetChunk read_chunk(ThriftReader& reader, const ThriftField& item, const std::string& where) {
  std::optional<ParquetChunk> chunk;
  reader.read_struct(item, [&](const ThriftField& field) {
    if (field.id == 1) fail(where, "expected columns in this file, got one in another file");
    if (field.id != 3) return reader.skip(field);
    chunk = read_chunk_description(reader, field, where);
  });
  require(chunk.has_value(), where, "expected a description of each column, got none");
  return *chunk;
}

ParquetRowGroup read_row_group(ThriftReader& reader, const ThriftField& item,
                               const std::string& where) {
  ParquetRowGroup group{.num_rows = -1};
  reader.read_struct(item, [&](const ThriftField& field) {
    if (field.id == 1) {
      reader.read_list(field, [&](const ThriftField& chunk) {
        group.chunks.push_back(read_chunk(reader, chunk, where));
      });
    } else if (field.id == 3) {
      group.num_rows = reader.integer(field, 0, INT64_MAX);
    } else {
      reader.skip(field);
    }
  });
  require(group.num_rows >= 0, where, "expected the number of rows of a row group, got none");
  return group;
}

Description read_description(std::span<const std::byte> bytes, const std::string& where,
                             const ParquetLimits& limits) {
  io::ByteReader cursor(bytes, where);
  ThriftReader reader(cursor);
  Description description;
  reader.read_struct([&](const ThriftField& field) {
    if (field.id == 2) {
      reader.read_list(field, [&](const ThriftField& element) {
        require(std::ssize(description.schema) < limits.max_columns, where,
                "expected at most {} elements in the schema, got more", limits.max_columns);
        description.schema.push_back(read_element(reader, element));
      });
    } else if (field.id == 3) {
      description.num_rows = reader.integer(field, 0, INT64_MAX);
    } else if (field.id == 4) {
      reader.read_list(field, [&](const ThriftField& group) {
        description.row_groups.push_back(read_row_group(reader, group, where));
      });
    } else {
      reader.skip(field);
    }
  });
  return description;
}

/// Turns the written tree into its leaves.
class SchemaWalk {
 public:
  SchemaWalk(const std::vector<Element>& schema, const std::string& where)
      : schema_(schema), where_(where) {}

  std::vector<ParquetColumn> columns() && {
    require(!schema_.empty(), where_, "expected a schema, got none");
    for (int64_t i = 0; i < schema_[0].num_children; ++i) visit({}, 0);
    require(next_ == schema_.size(), where_, "expected one tree as schema, got more elements");
    return std::move(columns_);
  }

 private:
  void visit(ParquetColumn column, int level) {
    require(next_ < schema_.size() && level < kMaxLevels, where_,
            "expected a schema of at most 32 levels and as many elements as it says, got element "
            "{} of {} at level {}",
            next_ + 1, schema_.size(), level + 1);
    const Element& element = schema_[next_++];
    require(element.name.size() <= kMaxNameBytes, where_,
            "expected column names of at most 1000 bytes, got a longer one");
    column.path += (column.path.empty() ? "" : ".") + std::string(element.name);
    column.max_definition += element.repetition > 0;
    if (element.repetition == 2) {
      ++column.max_repetition;
      column.repeated_definition = column.max_definition;
    }
    if (element.num_children == 0) {
      require(element.type.has_value(), where_, "expected a type of {}, got none", column.path);
      column.type = static_cast<ParquetType>(*element.type);
      columns_.push_back(std::move(column));
      return;
    }
    for (int64_t i = 0; i < element.num_children; ++i) visit(column, level + 1);
  }

  const std::vector<Element>& schema_;
  const std::string& where_;
  size_t next_ = 1;
  std::vector<ParquetColumn> columns_;
};

void expect_row_groups(const Description& description, size_t num_columns, uint64_t data_end,
                       const std::string& where) {
  uint64_t num_rows = 0;
  for (const ParquetRowGroup& group : description.row_groups) {
    require(group.chunks.size() == num_columns, where, "expected {} columns in a row group, got {}",
            num_columns, group.chunks.size());
    num_rows = checked_add(num_rows, static_cast<uint64_t>(group.num_rows), where);
    for (const ParquetChunk& chunk : group.chunks) {
      require(chunk.num_entries >= group.num_rows, where,
              "expected an entry or more for each row, got fewer");
      require(checked_add(chunk.offset, chunk.size, where) <= data_end, where,
              "expected columns inside the file, got one at offset {} of {} bytes", chunk.offset,
              chunk.size, Hint{"the file is cut off or damaged"});
    }
  }
  require(num_rows == static_cast<uint64_t>(description.num_rows), where,
          "expected as many rows as the row groups have, got {} and {}", description.num_rows,
          num_rows);
}

/// The bytes of the description, by the length after it.
std::span<const std::byte> find_description(std::span<const std::byte> bytes,
                                            const std::string& where, uint64_t max_bytes) {
  require(bytes.size() >= kMagic.size() + kTailBytes, where,
          "expected a Parquet file, got {} bytes", bytes.size());
  io::ByteReader tail(bytes.last(kTailBytes), where);
  const auto size = tail.read<uint32_t>();
  const std::string_view magic = tail.take_text(kMagic.size());
  require(magic != kEncryptedMagic, where, "expected a plain Parquet file, got an encrypted one");
  require(magic == kMagic && io::ByteReader(bytes, where).take_text(kMagic.size()) == kMagic, where,
          "expected \"PAR1\" at both ends of a Parquet file, got other bytes",
          Hint{"the file is cut off or damaged"});
  require(size <= max_bytes && size <= bytes.size() - kMagic.size() - kTailBytes, where,
          "expected a description inside the file of at most {} bytes, got {}", max_bytes, size);
  return bytes.subspan(bytes.size() - kTailBytes - size, size);
}

}  // namespace

ParquetFooter read_parquet_footer(std::span<const std::byte> bytes, const std::string& where,
                                  const ParquetLimits& limits) {
  const auto written = find_description(bytes, where, limits.max_footer_bytes);
  Description description = read_description(written, where, limits);
  ParquetFooter footer{.columns = SchemaWalk(description.schema, where).columns()};
  const uint64_t data_end = bytes.size() - kTailBytes - written.size();
  expect_row_groups(description, footer.columns.size(), data_end, where);
  footer.row_groups = std::move(description.row_groups);
  return footer;
}

}  // namespace flamingo::parquet
