#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flamingo/corpus/page_reader.h"

namespace flamingo::corpus {

/// The HTML pages among the answers in a WARC file, in its order; then, by reading it once more
/// where there are any, the pages that revisit records stand for.
class WarcPages : public PageReader {
 public:
  /// As open_pages says. Throws Error as MappedFile does.
  WarcPages(const std::string& path, uint64_t max_page_bytes, std::shared_ptr<WarcStore> store);

  std::optional<PageInput> next() override;
  int64_t num_lost() const override { return num_lost_; }
  std::map<std::string, int64_t> answers() const override { return answers_; }

 private:
  std::optional<PageInput> next_answer();
  std::optional<PageInput> next_revisit();
  void resolve_revisits();
  PageInput page_of(const std::string& url, WarcAnswer answer) const;

  std::string path_;
  uint64_t max_bytes_;
  std::shared_ptr<WarcStore> store_;
  crawl::WarcReader reader_;
  uint64_t number_ = 0;  ///< of records read
  int64_t num_lost_ = 0;
  std::map<std::string, int64_t> answers_;

  bool first_pass_ = true;
  std::vector<PageInput> ready_;  ///< to be given before anything is read; the last first
  /// The revisits that stand for the page of a record, by its number.
  std::map<uint64_t, std::vector<const WarcStore::Entry*>> revisits_;
};

}  // namespace flamingo::corpus
