#include "flamingo/parquet/parquet_file.h"

#include <bit>
#include <type_traits>
#include <utility>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/io/crc.h"
#include "flamingo/parquet/delta.h"
#include "flamingo/parquet/hybrid.h"
#include "flamingo/parquet/page.h"

namespace flamingo::parquet {
namespace {

enum Encoding : int64_t {
  kPlain = 0,
  kPlainDictionary = 2,
  kRle = 3,
  kDeltaNumbers = 5,
  kDeltaLengthTexts = 6,
  kDeltaTexts = 7,
  kRleDictionary = 8,
  kSplit = 9,
};

/// Whether values of a type may be written so.
bool fits(int64_t encoding, ParquetType type) {
  switch (encoding) {
    case kPlain:
    case kPlainDictionary:
    case kRleDictionary:
    case kSplit:
      return true;
    case kRle:
      return type == ParquetType::kBool;
    case kDeltaNumbers:
      return type == ParquetType::kInt32 || type == ParquetType::kInt64;
    case kDeltaLengthTexts:
    case kDeltaTexts:
      return type == ParquetType::kBytes;
    default:
      return false;
  }
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// The levels and values of a page, one after the other.
struct PageBody {
  io::ByteReader repetition;
  io::ByteReader definition;
  io::ByteReader values;
};

/// Reads the pages of one column of one row group.
class ChunkReader {
 public:
  ChunkReader(std::span<const std::byte> pages, const ParquetChunk& chunk,
              const ParquetLimits& limits, const std::string& where)
      : pages_(pages, where), chunk_(chunk), limits_(limits), where_(where) {}

  ParquetValues read(const ParquetColumn& column, int64_t num_rows) && {
    require(chunk_.num_entries <= limits_.max_entries, where_,
            "expected at most {} entries, got {}", limits_.max_entries, chunk_.num_entries);
    out_.column = column;
    io::ByteReader none({}, where_);
    out_.values = read_plain(none, column.type, 0);
    dictionary_ = out_.values;
    while (num_entries() < chunk_.num_entries) read_page();
    out_.row_begin.push_back(num_entries());
    require(out_.num_rows() == num_rows, where_, "expected {} rows, got {}", num_rows,
            out_.num_rows());
    return std::move(out_);
  }

 private:
  int64_t num_entries() const { return std::ssize(out_.definition); }

  void read_page() {
    const ParquetPageHeader page = read_page_header(pages_);
    const auto stored = pages_.take(page.size);
    if (page.crc) {
      const uint32_t crc = io::crc32(stored);
      require(crc == *page.crc, where_, "expected a page with the recorded CRC-32 {}, got {}",
              *page.crc, crc, Hint{"the file is damaged"});
    }
    unpacked_ = checked_add(unpacked_, page.unpacked_size, where_);
    require(unpacked_ <= limits_.max_column_bytes, where_,
            "expected at most {} unpacked bytes, got more", limits_.max_column_bytes);
    switch (page.type) {
      case ParquetPageType::kIndex:
        return;
      case ParquetPageType::kDictionary:
        return read_dictionary(page, stored);
      case ParquetPageType::kData:
        return read_entries(page, split1(page, stored));
      case ParquetPageType::kData2:
        return read_entries(page, split2(page, stored));
    }
  }

  /// The unpacked bytes, which live as long as the values.
  std::span<const std::byte> unpack_kept(std::span<const std::byte> stored, uint64_t size,
                                         bool packed) {
    if (stored.empty() && size == 0) return stored;  // a page of nulls, whatever its codec
    if (chunk_.codec != 0 && packed)
      return bytes_of(out_.pages.emplace_back(unpack_page(stored, chunk_.codec, size, where_)));
    require(stored.size() == size, where_, "expected a page of {} bytes, got {}", size,
            stored.size());
    return stored;
  }

  void read_dictionary(const ParquetPageHeader& page, std::span<const std::byte> stored) {
    require(page.encoding == kPlain || page.encoding == kPlainDictionary, where_,
            "expected a plain dictionary, got encoding {}", page.encoding);
    io::ByteReader reader(unpack_kept(stored, page.unpacked_size, true), where_);
    dictionary_ = read_plain(reader, out_.column.type, static_cast<uint64_t>(page.num_entries));
  }

  PageBody split1(const ParquetPageHeader& page, std::span<const std::byte> stored) {
    io::ByteReader body(unpack_kept(stored, page.unpacked_size, true), where_);
    const auto levels = [&](uint8_t max_level) {
      if (max_level == 0) return io::ByteReader({}, where_);
      require(page.level_encoding == kRle, where_, "expected levels of encoding 3, got {}",
              page.level_encoding);
      return io::ByteReader(body.take(body.read<uint32_t>()), where_);
    };
    const io::ByteReader repetition = levels(out_.column.max_repetition);
    const io::ByteReader definition = levels(out_.column.max_definition);
    return {repetition, definition, body};
  }

  PageBody split2(const ParquetPageHeader& page, std::span<const std::byte> stored) {
    io::ByteReader levels(stored, where_);
    const io::ByteReader repetition(levels.take(page.repetition_size), where_);
    const io::ByteReader definition(levels.take(page.definition_size), where_);
    require(levels.position() <= page.unpacked_size, where_,
            "expected levels inside the page, got more bytes");
    const auto values = levels.take(levels.remaining());
    const uint64_t size = page.unpacked_size - (stored.size() - values.size());
    return {repetition, definition, io::ByteReader(unpack_kept(values, size, page.packed), where_)};
  }

  void read_entries(const ParquetPageHeader& page, PageBody body) {
    require(page.num_entries <= chunk_.num_entries - num_entries(), where_,
            "expected {} entries, got more", chunk_.num_entries);
    const auto count = static_cast<uint64_t>(page.num_entries);
    add_rows(read_levels(body.repetition, out_.column.max_repetition, count));
    const auto definition = read_levels(body.definition, out_.column.max_definition, count);
    uint64_t num_values = 0;
    for (const uint32_t level : definition) num_values += level == out_.column.max_definition;
    add_values(definition, read_values(body.values, page.encoding, num_values));
    out_.definition.insert(out_.definition.end(), definition.begin(), definition.end());
  }

  std::vector<uint32_t> read_levels(io::ByteReader& reader, uint8_t max_level, uint64_t count) {
    if (max_level == 0) return std::vector<uint32_t>(count, 0);
    auto levels = read_hybrid(reader, std::bit_width(max_level), count);
    for (const uint32_t level : levels) {
      require(level <= max_level, where_, "expected levels up to {}, got {}", max_level, level);
    }
    return levels;
  }

  /// A row begins at every entry that repeats nothing.
  void add_rows(const std::vector<uint32_t>& repetition) {
    for (size_t i = 0; i < repetition.size(); ++i) {
      if (repetition[i] == 0) out_.row_begin.push_back(num_entries() + static_cast<int64_t>(i));
    }
    require(repetition.empty() || !out_.row_begin.empty(), where_,
            "expected a row to begin with the first entry, got the middle of one");
  }

  ParquetPlain read_values(io::ByteReader& reader, int64_t encoding, uint64_t count) {
    const ParquetType type = out_.column.type;
    require(fits(encoding, type), where_,
            "expected an encoding that fits the type, got encoding {} of type {}", encoding,
            static_cast<int>(type), Hint{"write the file with the encoding PLAIN or a dictionary"});
    switch (encoding) {
      case kPlainDictionary:
      case kRleDictionary:
        return look_up(read_indices(reader, count));
      case kRle:
        return read_run_bools(reader, count);
      case kDeltaNumbers:
        return read_delta_numbers(reader, count, type == ParquetType::kInt64);
      case kDeltaLengthTexts:
        return read_delta_length_texts(reader, count);
      case kDeltaTexts:
        return read_joined(reader, count);
      case kSplit:
        return read_split(reader, type, count);
      default:
        return read_plain(reader, type, count);
    }
  }

  ParquetPlain read_run_bools(io::ByteReader& reader, uint64_t count) {
    io::ByteReader bits(reader.take(reader.read<uint32_t>()), where_);
    const auto values = read_hybrid(bits, 1, count);
    return std::vector<int64_t>(values.begin(), values.end());
  }

  /// Values that share beginnings are put together, which counts as unpacking.
  ParquetPlain read_joined(io::ByteReader& reader, uint64_t count) {
    std::string& storage = out_.pages.emplace_back();
    auto texts = read_delta_texts(reader, count, limits_.max_column_bytes - unpacked_, storage);
    unpacked_ += storage.size();
    return texts;
  }

  std::vector<uint32_t> read_indices(io::ByteReader& reader, uint64_t count) {
    if (count == 0) return {};
    const auto bit_width = reader.read<uint8_t>();
    return read_hybrid(reader, bit_width, count);
  }

  ParquetPlain look_up(const std::vector<uint32_t>& indices) {
    return std::visit(
        [&](const auto& dictionary) -> ParquetPlain {
          std::remove_cvref_t<decltype(dictionary)> values;
          values.reserve(indices.size());
          for (const uint32_t index : indices) {
            require(index < dictionary.size(), where_, "expected an index below {}, got {}",
                    dictionary.size(), index);
            values.push_back(dictionary[index]);
          }
          return values;
        },
        dictionary_);
  }

  /// Spreads the values over the entries that have one.
  void add_values(const std::vector<uint32_t>& definition, const ParquetPlain& values) {
    std::visit(
        [&](auto& all) {
          const auto& next = std::get<std::remove_cvref_t<decltype(all)>>(values);
          size_t index = 0;
          for (const uint32_t level : definition) {
            if (level == out_.column.max_definition) {
              all.push_back(next[index++]);
            } else {
              all.emplace_back();
            }
          }
        },
        out_.values);
  }

  io::ByteReader pages_;
  const ParquetChunk& chunk_;
  const ParquetLimits& limits_;
  const std::string& where_;
  uint64_t unpacked_ = 0;
  ParquetPlain dictionary_;
  ParquetValues out_;
};

}  // namespace

std::vector<std::optional<std::string_view>> ParquetValues::texts(int64_t row) const {
  const auto* all = std::get_if<std::vector<std::string_view>>(&values);
  require(all != nullptr, column.path, "expected a column of text, got numbers");
  std::vector<std::optional<std::string_view>> entries;
  const auto end = static_cast<size_t>(row_begin.at(static_cast<size_t>(row) + 1));
  for (auto i = static_cast<size_t>(row_begin.at(static_cast<size_t>(row))); i < end; ++i) {
    if (definition[i] < column.repeated_definition) continue;  // an empty list
    const bool is_value = definition[i] == column.max_definition;
    entries.push_back(is_value ? std::optional((*all)[i]) : std::nullopt);
  }
  return entries;
}

ParquetFile ParquetFile::parse(std::span<const std::byte> bytes, const std::string& where,
                               const ParquetLimits& limits) {
  ParquetFile file;
  file.bytes_ = bytes;
  file.where_ = where;
  file.limits_ = limits;
  file.footer_ = read_parquet_footer(bytes, where, limits);
  return file;
}

ParquetValues ParquetFile::read(size_t row_group, size_t column) const {
  const ParquetRowGroup& group = row_groups().at(row_group);
  const ParquetChunk& chunk = group.chunks.at(column);
  const std::string where =
      where_ + ": " + columns()[column].path + " of row group " + std::to_string(row_group);
  return ChunkReader(bytes_.subspan(chunk.offset, chunk.size), chunk, limits_, where)
      .read(columns()[column], group.num_rows);
}

}  // namespace flamingo::parquet
