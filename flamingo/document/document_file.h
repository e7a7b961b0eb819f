#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "flamingo/document/document.h"

namespace flamingo {

/// A file of documents, by index. Reading is const and safe from several threads at once.
class DocumentFile {
 public:
  virtual ~DocumentFile() = default;

  virtual int64_t size() const = 0;
  /// What document `index` is called in the file, for messages.
  virtual std::string key(int64_t index) const = 0;
  /// Document `index` with the bytes of its media. Throws Error where this one is damaged; the
  /// others stay good.
  virtual Document read(int64_t index) const = 0;
};

/// Opens a file of documents, told apart by content: a tar of samples (see read_sample).
/// Throws Error naming the file: missing, cut off, of another kind.
std::unique_ptr<DocumentFile> open_documents(const std::string& path);

}  // namespace flamingo
