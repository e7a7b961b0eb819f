#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flamingo::pictures {

/// A table of comma-separated values (RFC 4180): fields may be quoted, "" in them is one quote, and
/// then hold commas and ends of lines; a byte order mark and empty lines are left out.
struct CsvTable {
  std::vector<std::string> columns;            ///< of the first line
  std::vector<std::vector<std::string>> rows;  ///< each as long as `columns`
  std::vector<int64_t> lines;                  ///< of each row's beginning, from 1
};

/// Throws Error naming `where` and the line: a row of another length or
/// of more than 1024 fields, a quote that does not end.
CsvTable parse_csv(std::string_view text, const std::string& where);

}  // namespace flamingo::pictures
