#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/document/document.h"
#include "flamingo/document/mmc4.h"
#include "flamingo/parquet/footer.h"

namespace flamingo::document {

/// How files of documents are read.
struct DocumentFileOptions {
  Mmc4Rules mmc4;
  uint64_t max_line_bytes = 64ull << 20;
  uint64_t max_unpacked_bytes = 4ull << 30;
  parquet::ParquetLimits parquet;

  template <class Visitor>
  void visit(Visitor& v) {
    v("mmc4", mmc4, "which pictures of mmc4's documents are taken");
    v("max_line_bytes", max_line_bytes, "longest line of a .jsonl file");
    v("max_unpacked_bytes", max_unpacked_bytes,
      "most memory for a .jsonl.gz or .jsonl.zst file, which is unpacked when opened");
    v("parquet", parquet, "limits of Parquet files");
  }
};

/// A file of documents, by index. Reading is const and safe from several threads at once.
class DocumentFile {
 public:
  virtual ~DocumentFile() = default;

  virtual int64_t size() const = 0;
  /// What document `index` is called in the file, for messages.
  virtual std::string key(int64_t index) const = 0;
  /// Document `index` with the bytes of its media, where the file has them. Throws Error where this
  /// one is damaged, UnusableDocument where there is nothing in it to learn from; the others stay
  /// good.
  virtual Document read(int64_t index) const = 0;
  /// What is odd about the file although it can be read; each names the file.
  virtual std::vector<std::string> warnings() const { return {}; }
};

/// Opens a file of documents, told apart by content:
///
///   tar            a sample each (see read_sample); without end mark and archives after each
///   other
///                  with a warning
///   JSON lines     OBELICS (see obelics_document) or mmc4 as published (see mmc4_document), mixed
///                  as they come; plain, gzip or zstd. Media have addresses, no bytes
///   Parquet        OBELICS; media as above or with their files. Reading a row unpacks its row
///   group, and the last one
///                  is kept: read in order
///
/// Throws Error naming the file: missing, cut off, of another kind, over a limit.
std::unique_ptr<DocumentFile> open_documents(const std::string& path,
                                             const DocumentFileOptions& options = {});

}  // namespace flamingo::document
