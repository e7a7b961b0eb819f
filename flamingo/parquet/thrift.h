#pragma once

#include <cstdint>
#include <string_view>

#include "flamingo/io/byte_reader.h"

namespace flamingo::parquet {

/// The unsigned number of a base-128 varint, least significant group first.
/// Throws Error at the end of the bytes and for more than 64 bits.
uint64_t read_varint(io::ByteReader& reader);

/// The signed number of a zigzag code: 0, -1, 1, -2, ...
constexpr int64_t unzigzag(uint64_t code) {
  return static_cast<int64_t>(code >> 1) ^ -static_cast<int64_t>(code & 1);
}

/// A value of a structure or list, of which the header has been read.
struct ThriftField {
  int64_t id = 0;        ///< within its structure; 0 in a list
  uint8_t type = 0;      ///< compact protocol's number
  bool in_list = false;  ///< a boolean then has a byte of its own
};

/// A cursor over structures of Thrift's compact protocol. Values are read in the order they stand,
/// each by one call; every call throws Error on another type than it reads, past the end and more
/// than 32 levels deep.
/// Source: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md.
class ThriftReader {
 public:
  explicit ThriftReader(io::ByteReader& reader) : reader_(reader) {}

  /// Calls visit(field) for each field of a structure; it reads or skips the value.
  template <class Visit>
  void read_struct(const Visit& visit) {
    enter();
    ThriftField field;
    while (next_field(field)) visit(field);
    --depth_;
  }

  /// read_struct for a field that must hold a structure.
  template <class Visit>
  void read_struct(const ThriftField& field, const Visit& visit) {
    expect_struct(field);
    read_struct(visit);
  }

  /// Calls visit(element) for each element of a list.
  template <class Visit>
  void read_list(const ThriftField& field, const Visit& visit) {
    enter();
    ThriftField element{.in_list = true};
    for (uint64_t left = list_header(field, element); left > 0; --left) visit(element);
    --depth_;
  }

  /// A whole number in [least, most].
  int64_t integer(const ThriftField& field, int64_t least, int64_t most);
  bool boolean(const ThriftField& field);
  /// Text or bytes; the view lives as long as the bytes read from.
  std::string_view text(const ThriftField& field);
  void skip(const ThriftField& field);

 private:
  void enter();
  bool next_field(ThriftField& field);
  void expect_struct(const ThriftField& field) const;
  uint64_t list_header(const ThriftField& field, ThriftField& element);
  /// Skips a value that holds no others.
  void skip_plain(const ThriftField& field);
  void skip_map();
  [[noreturn]] void refuse(const ThriftField& field, const char* expected) const;

  io::ByteReader& reader_;
  int depth_ = 0;
};

}  // namespace flamingo::parquet
