#include "flamingo/parquet/thrift.h"

#include <string>

#include "flamingo/core/error.h"

namespace flamingo::parquet {
namespace {

constexpr int kMaxDepth = 32;

enum ThriftType : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kInt16 = 4,
  kInt32 = 5,
  kInt64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
  kUuid = 13,
};

}  // namespace

uint64_t read_varint(io::ByteReader& reader) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = reader.read<uint8_t>();
    require(shift < 63 || byte <= 1, reader.where(), "expected a varint of 64 bits, got more");
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

void ThriftReader::enter() {
  require(++depth_ <= kMaxDepth, reader_.where(),
          "expected at most 32 levels of metadata, got more");
}

bool ThriftReader::next_field(ThriftField& field) {
  const auto header = reader_.read<uint8_t>();
  field.type = header & 0x0F;
  if (field.type == kStop) return false;
  const int delta = header >> 4;
  const int64_t id = delta != 0 ? field.id + delta : unzigzag(read_varint(reader_));
  require(id >= 0 && id <= INT16_MAX, reader_.where(), "expected a field number of 16 bits, got {}",
          id);
  field.id = id;
  return true;
}

void ThriftReader::expect_struct(const ThriftField& field) const {
  if (field.type != kStruct) refuse(field, "a structure");
}

uint64_t ThriftReader::list_header(const ThriftField& field, ThriftField& element) {
  if (field.type != kList && field.type != kSet) refuse(field, "a list");
  const auto header = reader_.read<uint8_t>();
  element.type = header & 0x0F;
  const uint64_t size = header >> 4 == 15 ? read_varint(reader_) : header >> 4;
  require(size <= reader_.remaining(), reader_.where(),
          "expected a list inside the metadata, got {} elements", size);
  return size;
}

int64_t ThriftReader::integer(const ThriftField& field, int64_t least, int64_t most) {
  int64_t value = 0;
  if (field.type == kByte) {
    value = reader_.read<int8_t>();
  } else if (field.type >= kInt16 && field.type <= kInt64) {
    value = unzigzag(read_varint(reader_));
  } else {
    refuse(field, "a whole number");
  }
  require(value >= least && value <= most, reader_.where(), "expected field {} in [{}, {}], got {}",
          field.id, least, most, value);
  return value;
}

bool ThriftReader::boolean(const ThriftField& field) {
  if (field.type != kTrue && field.type != kFalse) refuse(field, "true or false");
  return (field.in_list ? reader_.read<uint8_t>() : field.type) == kTrue;
}

std::string_view ThriftReader::text(const ThriftField& field) {
  if (field.type != kBinary) refuse(field, "text");
  return reader_.take_text(read_varint(reader_));
}

void ThriftReader::skip(const ThriftField& field) {
  const auto skip_each = [this](const ThriftField& inner) { skip(inner); };
  switch (field.type) {
    case kList:
    case kSet:
      return read_list(field, skip_each);
    case kMap:
      return skip_map();
    case kStruct:
      return read_struct(skip_each);
    default:
      return skip_plain(field);
  }
}

void ThriftReader::skip_plain(const ThriftField& field) {
  switch (field.type) {
    case kTrue:
    case kFalse:
      boolean(field);
      return;
    case kByte:
    case kInt16:
    case kInt32:
    case kInt64:
      integer(field, INT64_MIN, INT64_MAX);
      return;
    case kDouble:
      reader_.take(8);
      return;
    case kBinary:
      text(field);
      return;
    case kUuid:
      reader_.take(16);
      return;
    default:
      refuse(field, "a known type");
  }
}

void ThriftReader::skip_map() {
  enter();
  const uint64_t size = read_varint(reader_);
  const uint8_t types = size == 0 ? 0 : reader_.read<uint8_t>();
  for (uint64_t i = 0; i < size; ++i) {  // every pair has bytes: a wrong size meets the end
    skip({.type = static_cast<uint8_t>(types >> 4), .in_list = true});
    skip({.type = static_cast<uint8_t>(types & 0x0F), .in_list = true});
  }
  --depth_;
}

void ThriftReader::refuse(const ThriftField& field, const char* expected) const {
  fail(reader_.where(), "expected {} in field {}, got type {}", expected, field.id, field.type);
}

}  // namespace flamingo::parquet
