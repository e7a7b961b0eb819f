#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/document/document_file.h"

namespace flamingo::data {

/// The documents of some files, numbered from 0, and an endless order of them. Needs the libraries
/// of documents (FLAMINGO_MEDIA). Reading is const and safe from several threads at once.
class DocumentList {
 public:
  /// paths: files of documents, or folders of tar shards. Throws Error naming the one that is
  /// missing or of another kind, and where there is no document at all.
  DocumentList(const std::vector<std::string>& paths, const document::DocumentFileOptions& options);

  int64_t size() const { return first_.back(); }
  const std::vector<std::string>& warnings() const { return warnings_; }
  /// File and key of a document, for messages.
  std::string name_of(int64_t document) const;
  /// Throws Error as DocumentFile::read does.
  document::Document read(int64_t document) const;

  /// What make(document, rng) gives for place `index` of the endless order: each epoch shows every
  /// document once, in an order that (seed, epoch) decides; rng depends on (seed, index). Where
  /// make throws Error (the document is damaged, and named in `damaged`) or gives nothing, another
  /// document takes the place. Throws Error when kMaxDamaged in a row are damaged.
  template <class Make>
  auto draw(int64_t index, uint64_t seed, std::vector<std::string>& damaged, Make make) const {
    Rng rng = Rng::for_name(seed, "document." + std::to_string(index));
    int64_t document = document_at(index, seed);
    for (int64_t bad = 0, tries = 0; bad < kMaxDamaged && tries < 10 * kMaxDamaged; ++tries) {
      try {
        if (auto made = make(document, rng)) return std::move(*made);
      } catch (const Error& error) {
        damaged.push_back(name_of(document) + ": " + error.what());
        ++bad;
      }
      document = static_cast<int64_t>(rng.below(static_cast<uint64_t>(size())));
    }
    refuse(damaged);
  }

  static constexpr int64_t kMaxDamaged = 100;

 private:
  /// The document at place `index` of the endless order.
  int64_t document_at(int64_t index, uint64_t seed) const;
  /// The file of a document, and its index there.
  std::pair<size_t, int64_t> place_of(int64_t document) const;
  [[noreturn]] void refuse(const std::vector<std::string>& damaged) const;

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<document::DocumentFile>> files_;
  std::vector<int64_t> first_{0};  ///< number of each file's first document, and the total
  std::vector<std::string> warnings_;
};

}  // namespace flamingo::data
