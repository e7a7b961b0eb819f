#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/document/document_file.h"
#include "flamingo/io/mapped_file.h"

namespace flamingo::document {

/// A file of documents as JSON lines, OBELICS or mmc4: mapped, or unpacked into memory where it is
/// compressed. Blank lines are left out.
class JsonlDocuments : public DocumentFile {
 public:
  /// Finds the lines. Throws Error naming the file: no line of JSON, damaged compression, more than
  /// options.max_unpacked_bytes.
  JsonlDocuments(const std::string& path, const DocumentFileOptions& options);

  int64_t size() const override { return std::ssize(lines_); }
  std::string key(int64_t index) const override;
  Document read(int64_t index) const override;

 private:
  /// Where a document is.
  struct Line {
    uint64_t begin = 0;   ///< in text_
    uint64_t number = 0;  ///< in the file, from 1
  };

  io::MappedFile file_;
  DocumentFileOptions options_;
  std::string unpacked_;
  std::string_view text_;  ///< of file_ or unpacked_
  std::vector<Line> lines_;
};

}  // namespace flamingo::document
