#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/document/document_file.h"
#include "flamingo/io/mapped_file.h"
#include "flamingo/io/sample_groups.h"
#include "flamingo/io/tar.h"

namespace flamingo::document {

/// Writes documents as a webdataset tar: <key>.json (document_json.h) and <key>.0.jpg, ... for the
/// media. The file appears whole or not at all; equal documents give equal bytes.
class ShardWriter {
 public:
  /// Throws Error when the file cannot be created.
  explicit ShardWriter(const std::string& path) : tar_(path) {}

  /// Appends a document under a key without dots; SHA-256s of media that are not known are filled
  /// in.
  /// Throws Error: a bad key, a media item without bytes, a full disk.
  void add(std::string_view key, Document document);
  void finish() { tar_.finish(); }

 private:
  io::TarWriter tar_;
};

/// The paths of a folder's .tar files, in order; none where there are none.
std::vector<std::string> shards_in(const std::string& folder);
/// Files as they are, and each folder's shards. Throws Error on a folder without any.
std::vector<std::string> document_paths(const std::vector<std::string>& files_and_folders);

/// A mapped tar of samples.
class TarDocuments : public DocumentFile {
 public:
  /// Throws Error as index_tar does.
  explicit TarDocuments(const std::string& path, const Mmc4Rules& rules = {});

  int64_t size() const override { return std::ssize(samples_); }
  std::string key(int64_t index) const override;
  Document read(int64_t index) const override;
  std::vector<std::string> warnings() const override;

 private:
  io::MappedFile file_;
  Mmc4Rules rules_;
  io::TarIndex tar_;
  std::vector<io::SampleGroup> samples_;
};

}  // namespace flamingo::document
