#include "flamingo/parquet/page.h"

#include "flamingo/core/error.h"
#include "flamingo/crawl/unpack.h"
#include "flamingo/parquet/lz4.h"
#include "flamingo/parquet/snappy.h"
#include "flamingo/parquet/thrift.h"

namespace flamingo::parquet {
namespace {

enum Codec : int64_t {
  kSnappy = 1,
  kGzip = 2,
  kLzo = 3,
  kBrotli = 4,
  kLz4 = 5,
  kZstd = 6,
  kLz4Raw = 7,
};

/// DataPageHeader and, but for the levels, DictionaryPageHeader.
void read_data_header(ThriftReader& reader, const ThriftField& header, ParquetPageHeader& page) {
  reader.read_struct(header, [&](const ThriftField& field) {
    switch (field.id) {
      case 1:
        page.num_entries = reader.integer(field, 0, INT32_MAX);
        return;
      case 2:
        page.encoding = reader.integer(field, 0, INT32_MAX);
        return;
      case 3:
        if (page.type == ParquetPageType::kDictionary) break;  // is_sorted
        page.level_encoding = reader.integer(field, 0, INT32_MAX);
        return;
    }
    reader.skip(field);
  });
}

/// DataPageHeaderV2.
void read_data2_header(ThriftReader& reader, const ThriftField& header, ParquetPageHeader& page) {
  reader.read_struct(header, [&](const ThriftField& field) {
    switch (field.id) {
      case 1:
        page.num_entries = reader.integer(field, 0, INT32_MAX);
        return;
      case 4:
        page.encoding = reader.integer(field, 0, INT32_MAX);
        return;
      case 5:
        page.definition_size = static_cast<uint64_t>(reader.integer(field, 0, INT32_MAX));
        return;
      case 6:
        page.repetition_size = static_cast<uint64_t>(reader.integer(field, 0, INT32_MAX));
        return;
      case 7:
        page.packed = reader.boolean(field);
        return;
    }
    reader.skip(field);
  });
}

std::string unpack_any(std::span<const std::byte> bytes, int64_t codec, uint64_t size,
                       const std::string& where) {
  switch (codec) {
    case kSnappy:
      return unpack_snappy(bytes, size, where);
    case kGzip:
      return crawl::unpack(bytes, crawl::Compression::kGzip, size, where);
    case kBrotli:
      return crawl::unpack(bytes, crawl::Compression::kBrotli, size, where);
    case kLz4:
      return unpack_hadoop_lz4(bytes, size, where);
    case kZstd:
      return crawl::unpack(bytes, crawl::Compression::kZstd, size, where);
    case kLz4Raw:
      return unpack_lz4(bytes, size, where);
  }
  fail(where, "expected pages packed with Snappy, gzip, Brotli, LZ4 or zstd, got {}",
       codec == kLzo ? "LZO" : "codec " + std::to_string(codec));
}

}  // namespace

ParquetPageHeader read_page_header(io::ByteReader& cursor) {
  ThriftReader reader(cursor);
  ParquetPageHeader page;
  int64_t detail = -1;  // field number of the header that the type asks for
  bool has_detail = false;
  reader.read_struct([&](const ThriftField& field) {
    if (field.id == 1) {
      page.type = static_cast<ParquetPageType>(reader.integer(field, 0, 3));
      detail = static_cast<int64_t>(page.type) + 5;
    } else if (field.id == 2) {
      page.unpacked_size = static_cast<uint64_t>(reader.integer(field, 0, INT32_MAX));
    } else if (field.id == 3) {
      page.size = static_cast<uint64_t>(reader.integer(field, 0, INT32_MAX));
    } else if (field.id == 4) {
      page.crc = static_cast<uint32_t>(reader.integer(field, INT32_MIN, INT32_MAX));
    } else if (field.id == detail && page.type == ParquetPageType::kData2) {
      read_data2_header(reader, field, page);
      has_detail = true;
    } else if (field.id == detail && page.type != ParquetPageType::kIndex) {
      read_data_header(reader, field, page);
      has_detail = true;
    } else {
      reader.skip(field);
    }
  });
  require(has_detail || page.type == ParquetPageType::kIndex, cursor.where(),
          "expected a page header of the type it names, got none");
  return page;
}

std::string unpack_page(std::span<const std::byte> bytes, int64_t codec, uint64_t size,
                        const std::string& where) {
  if (bytes.empty() && size == 0) return {};
  const std::string out = unpack_any(bytes, codec, size, where);
  require(out.size() == size, where, "expected a page of {} bytes, got {}", size, out.size());
  return out;
}

}  // namespace flamingo::parquet
