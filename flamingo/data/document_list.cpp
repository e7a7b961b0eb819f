#include "flamingo/data/document_list.h"

#ifdef FLAMINGO_MEDIA
#include <algorithm>

#include "flamingo/core/permutation.h"
#include "flamingo/document/shard.h"

namespace flamingo::data {
DocumentList::DocumentList(const std::vector<std::string>& paths,
                           const document::DocumentFileOptions& options)
    : names_(document::document_paths(paths)) {
  for (const std::string& name : names_) {
    files_.push_back(document::open_documents(name, options));
    for (std::string& warning : files_.back()->warnings()) warnings_.push_back(std::move(warning));
    first_.push_back(first_.back() + files_.back()->size());
  }
  require(size() > 0, "files", "expected at least one document, got none");
}

std::pair<size_t, int64_t> DocumentList::place_of(int64_t document) const {
  const auto file =
      static_cast<size_t>(std::ranges::upper_bound(first_, document) - first_.begin() - 1);
  return {file, document - first_[file]};
}

std::string DocumentList::name_of(int64_t document) const {
  const auto [file, index] = place_of(document);
  return names_[file] + ":" + files_[file]->key(index);
}

document::Document DocumentList::read(int64_t document) const {
  const auto [file, index] = place_of(document);
  return files_[file]->read(index);
}

int64_t DocumentList::document_at(int64_t index, uint64_t seed) const {
  const auto count = static_cast<uint64_t>(size());
  const uint64_t epoch = static_cast<uint64_t>(index) / count;
  return static_cast<int64_t>(
      permuted(static_cast<uint64_t>(index) % count, count,
               Rng::for_name(seed, "epoch." + std::to_string(epoch)).next()));
}

void DocumentList::refuse(const std::vector<std::string>& damaged) const {
  fail(names_.front(), "expected documents that can be trained on, got none in a row of {}{}",
       kMaxDamaged, damaged.empty() ? "" : "; the last: " + damaged.back());
}

}  // namespace flamingo::data
#endif  // FLAMINGO_MEDIA
