#include "flamingo/document/shard.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/document/document_json.h"
#include "flamingo/document/sample.h"
#include "flamingo/io/sha256.h"

namespace flamingo::document {

std::vector<std::string> shards_in(const std::string& folder) {
  std::vector<std::string> shards;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".tar") shards.push_back(entry.path().string());
  }
  std::ranges::sort(shards);
  return shards;
}

std::vector<std::string> document_paths(const std::vector<std::string>& files_and_folders) {
  std::vector<std::string> files;
  for (const std::string& path : files_and_folders) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const std::vector<std::string> shards = shards_in(path);
    require(!shards.empty(), path, "expected a folder with .tar shards, got one without");
    files.insert(files.end(), shards.begin(), shards.end());
  }
  return files;
}

void ShardWriter::add(std::string_view key, Document document) {
  const std::string name(key);
  require(!key.empty() && key.find('.') == std::string_view::npos, "ShardWriter",
          "expected a key without dots, got \"{}\"", name);
  for (MediaItem& media_item : document.media) {
    require(!media_item.bytes.empty(), "ShardWriter", "expected media with bytes, got none for {}",
            name);
    if (media_item.sha256.empty()) media_item.sha256 = io::sha256_hex(media_item.bytes);
  }
  tar_.add(name + ".json", document_to_json(document));
  for (int64_t i = 0; i < std::ssize(document.media); ++i) {
    tar_.add(name + "." + media_item_member(document, i),
             document.media[static_cast<size_t>(i)].bytes);
  }
}

TarDocuments::TarDocuments(const std::string& path, const Mmc4Rules& rules)
    : file_(path),
      rules_(rules),
      tar_(io::index_tar(file_.bytes(), path)),
      samples_(io::group_samples(tar_.members).samples) {}

std::string TarDocuments::key(int64_t index) const {
  return samples_.at(static_cast<size_t>(index)).key;
}

std::vector<std::string> TarDocuments::warnings() const {
  std::vector<std::string> named;
  for (const std::string& warning : tar_.warnings) named.push_back(file_.path() + ": " + warning);
  return named;
}

Document TarDocuments::read(int64_t index) const {
  const io::SampleGroup& group = samples_.at(static_cast<size_t>(index));
  Sample sample{.where = file_.path() + ": " + group.key};
  require(group.error.empty(), sample.where, "{}", group.error);
  for (const io::SampleFile& file : group.files) {
    const auto data = tar_.members[file.member].data;
    sample.files.push_back(
        {file.extension, {reinterpret_cast<const char*>(data.data()), data.size()}});
  }
  return read_sample(sample, rules_);
}

}  // namespace flamingo::document
