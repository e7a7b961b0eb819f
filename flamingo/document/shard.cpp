#include "flamingo/document/shard.h"

#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/document/document_json.h"
#include "flamingo/document/sample.h"
#include "flamingo/io/sha256.h"

namespace flamingo::document {

void ShardWriter::add(std::string_view key, Document document) {
  const std::string name(key);
  require(!key.empty() && key.find('.') == std::string_view::npos, "ShardWriter",
          "expected a key without dots, got \"{}\"", name);
  for (Medium& medium : document.media) {
    require(!medium.bytes.empty(), "ShardWriter", "expected media with bytes, got none for {}",
            name);
    if (medium.sha256.empty()) medium.sha256 = io::sha256_hex(medium.bytes);
  }
  tar_.add(name + ".json", document_to_json(document));
  for (int64_t i = 0; i < std::ssize(document.media); ++i) {
    tar_.add(name + "." + medium_member(document, i), document.media[static_cast<size_t>(i)].bytes);
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
