#pragma once

#include <string>

#include "flamingo/io/byte_reader.h"
#include "flamingo/io/gguf.h"

namespace flamingo::io {

/// Reads a length-prefixed GGUF string of at most 16 MiB. Throws Error when it is longer or cut
/// off.
std::string read_gguf_string(ByteReader& reader);

/// Reads one metadata value: its type number and its content. `key` names it in errors.
/// Throws Error on unknown types, nested arrays, arrays over 64 M items and cut off values.
GgufValue read_gguf_value(ByteReader& reader, const std::string& key);

}  // namespace flamingo::io
