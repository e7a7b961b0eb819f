#pragma once

#include <string>
#include <string_view>

#include "flamingo/core/config.h"

namespace flamingo::media {

/// Parses one YAML document into JSON values. Plain scalars are typed by YAML 1.2's core schema
/// (null, true/false, decimal, 0o and 0x whole numbers, floats, .inf, .nan); quoted ones are
/// strings; keys are strings. Aliases are expanded.
/// Throws Error: a mistake (with its line), more than one document, a duplicate key, an unknown
/// tag, over 1 MiB of text, over 64 levels or 100,000 values (aliases counted each time).
Json parse_yaml(std::string_view text, std::string_view where);

/// Reads and parses a YAML file. Throws Error naming the file.
Json read_yaml_file(const std::string& path);

}  // namespace flamingo::media
