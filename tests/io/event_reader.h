#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/file.h"
#include "flamingo/io/byte_reader.h"
#include "flamingo/io/crc.h"
#include "tests/io/byte_builder.h"

namespace flamingo::testing {

/// One event as its file has it.
struct ReadEvent {
  double wall_time = 0;
  int64_t step = 0;
  std::string file_version;
  bool session_start = false;
  std::map<std::string, float> scalars;
};

/// Calls handle(field, wire type, reader at the value) for each field of a message.
template <class Handle>
void for_each_field(std::string_view message, const Handle& handle) {
  io::ByteReader reader(as_bytes(message), "message");
  const auto varint = [&reader] {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = reader.read<uint8_t>();
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail("message", "expected a varint of at most 10 bytes");
  };
  while (reader.remaining() > 0) {
    const uint64_t key = varint();
    switch (key & 7) {
      case 0: {
        const uint64_t value = varint();
        handle(static_cast<int>(key >> 3), std::string_view(), value);
        break;
      }
      case 1:
        handle(static_cast<int>(key >> 3), reader.take_text(8), uint64_t{0});
        break;
      case 2: {
        const uint64_t size = varint();
        handle(static_cast<int>(key >> 3), reader.take_text(size), uint64_t{0});
        break;
      }
      case 5:
        handle(static_cast<int>(key >> 3), reader.take_text(4), uint64_t{0});
        break;
      default:
        fail("message", "expected wire type 0, 1, 2 or 5");
    }
  }
}

template <class T>
T number_of(std::string_view bytes) {
  return io::ByteReader(as_bytes(bytes), "number").read<T>();
}

inline void read_scalar(std::string_view value, ReadEvent& event) {
  std::string tag;
  float number = 0;
  for_each_field(value, [&](int field, std::string_view bytes, uint64_t) {
    if (field == 1) tag = bytes;
    if (field == 2) number = number_of<float>(bytes);
  });
  event.scalars[tag] = number;
}

inline ReadEvent parse_event(std::string_view message) {
  ReadEvent event;
  for_each_field(message, [&](int field, std::string_view bytes, uint64_t number) {
    if (field == 1) event.wall_time = number_of<double>(bytes);
    if (field == 2) event.step = static_cast<int64_t>(number);
    if (field == 3) event.file_version = bytes;
    if (field == 5) {
      for_each_field(bytes,
                     [&](int, std::string_view value, uint64_t) { read_scalar(value, event); });
    }
    if (field == 7) {
      for_each_field(bytes, [&](int status, std::string_view, uint64_t value) {
        event.session_start = status == 1 && value == 1;
      });
    }
  });
  return event;
}

/// All events of a file. Throws Error where a CRC is wrong or the file is cut off.
inline std::vector<ReadEvent> read_events(const std::string& path) {
  const std::string bytes = read_file(path, 64ull << 20);
  io::ByteReader reader(as_bytes(bytes), path);
  std::vector<ReadEvent> events;
  const auto checked = [&](uint64_t size) {
    const std::string_view part = reader.take_text(size);
    require(reader.read<uint32_t>() == io::masked_crc(io::crc32c(as_bytes(part))), path,
            "expected a matching CRC");
    return part;
  };
  while (reader.remaining() > 0) {
    const auto size = number_of<uint64_t>(checked(8));
    events.push_back(parse_event(checked(size)));
  }
  return events;
}

}  // namespace flamingo::testing
