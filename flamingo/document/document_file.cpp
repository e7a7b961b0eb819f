#include "flamingo/document/document_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/crawl/decompressor.h"
#include "flamingo/document/foreign_json.h"
#include "flamingo/document/jsonl.h"
#include "flamingo/document/parquet_documents.h"
#include "flamingo/document/shard.h"
#include "flamingo/io/file_kind.h"
#include "flamingo/io/mapped_file.h"

namespace flamingo::document {
namespace {

constexpr size_t kStartBytes = 512;

/// Refuses what cannot be a tar: less than its first header, or a file of another name.
void expect_tar(std::span<const std::byte> start, const std::string& path) {
  const std::string extension = ascii_lower(std::filesystem::path(path).extension().string());
  constexpr std::array kOthers = {".jsonl", ".json", ".gz", ".zst", ".parquet"};
  const bool is_other = std::ranges::count(kOthers, extension) > 0;
  if (start.size() == kStartBytes && !is_other) return;
  fail(path, "expected a tar, .jsonl, .jsonl.gz, .jsonl.zst or Parquet file, got {}",
       start.size() < kStartBytes
           ? std::to_string(start.size()) + " bytes that begin like none of them"
           : io::other_kind(start));
}

}  // namespace

std::unique_ptr<DocumentFile> open_documents(const std::string& path,
                                             const DocumentFileOptions& options) {
  const io::MappedFile file(path);
  const auto start = file.bytes().first(std::min(kStartBytes, file.bytes().size()));
  const std::string_view text = ascii_trim(
      without_byte_order_mark({reinterpret_cast<const char*>(start.data()), start.size()}));
  require(!text.empty() || file.bytes().size() > kStartBytes, path,
          "expected documents, got an empty file");
  require(!text.starts_with("PK\3\4"), path,
          "expected a tar, .jsonl, .jsonl.gz, .jsonl.zst or Parquet file, got a zip",
          Hint{"mmc4's shards are published as .jsonl.zip: unzip them first"});
  if (text.starts_with("PAR1")) return std::make_unique<ParquetDocuments>(path, options.parquet);
  require(!text.starts_with('['), path,
          "expected a tar, .jsonl, .jsonl.gz, .jsonl.zst or Parquet file, got one JSON list",
          Hint{"write a line for each document: jq -c '.[]'"});
  require(!text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF"), path,
          "expected lines of JSON in UTF-8, got UTF-16");
  if (!crawl::sniff_compression(start) && text.starts_with("\x1F\x8B")) {
    require(text.size() >= 4, path, "expected the header of a gzip file, got {} bytes",
            text.size());
    fail(path,
         "expected a gzip file of method 8 without reserved flags, got method {} and flags {}",
         static_cast<uint8_t>(text[2]), static_cast<uint8_t>(text[3]));
  }
  if (crawl::sniff_compression(start) || text.starts_with('{') || text.empty())
    return std::make_unique<JsonlDocuments>(path, options);
  expect_tar(start, path);
  return std::make_unique<TarDocuments>(path, options.mmc4);
}

}  // namespace flamingo::document
