#include "flamingo/corpus/warc_pages.h"

#include <algorithm>
#include <utility>

#include "flamingo/url/url.h"

namespace flamingo::corpus {

WarcPages::WarcPages(const std::string& path, uint64_t max_page_bytes,
                     std::shared_ptr<WarcStore> store)
    : path_(path),
      max_bytes_(max_page_bytes),
      store_(std::move(store)),
      reader_(crawl::file_stream(path)) {}

std::optional<PageInput> WarcPages::next() {
  if (first_pass_) {
    if (auto page = next_answer()) return page;
    first_pass_ = false;
    resolve_revisits();
  }
  return next_revisit();
}

/// A page, or why it cannot be had.
PageInput WarcPages::page_of(const std::string& url, WarcAnswer answer) const {
  PageInput page{.url = url::browser_url(url),
                 .bytes = std::move(answer.message.body),
                 .charset = std::move(answer.message.charset),
                 .reason = answer.reason,
                 .detail = std::move(answer.detail)};
  for (const auto tag : answer.message.headers.all("X-Robots-Tag")) page.use_tags.emplace_back(tag);
  if (page.bytes.size() > max_bytes_) page.bytes.resize(max_bytes_ + 1);
  return page;
}

std::optional<PageInput> WarcPages::next_answer() {
  while (auto record = reader_.next()) {
    const uint64_t number = number_++;
    auto answer = read_answer(*record);
    if (!answer) continue;
    const bool whole = answer->reason == crawl::FetchReason::kOk;
    if (answer->kind != AnswerKind::kRevisit)
      ++answers_[std::string(whole ? enum_name(answer->kind) : enum_name(answer->reason))];
    std::optional<PageInput> page;
    if (answer->kind == AnswerKind::kPage) page = page_of(record->target_uri, *answer);
    store_->add(number, *record, std::move(*answer));
    if (page) return page;
  }
  const crawl::WarcStatistics counts = reader_.statistics();
  num_lost_ = static_cast<int64_t>(counts.damaged + counts.oversized);
  return std::nullopt;
}

/// Sorts the revisits, now that all of the file is known.
void WarcPages::resolve_revisits() {
  for (const auto& entry : store_->entries()) {
    if (entry->kind != AnswerKind::kRevisit) continue;
    const auto found = store_->follow(*entry);
    const bool whole = found.reason == crawl::FetchReason::kOk;
    ++answers_[whole ? "revisit" : "revisit_" + std::string(enum_name(found.reason))];
    if (whole && found.entry->kind == AnswerKind::kPage) {
      revisits_[found.entry->record].push_back(entry.get());
    } else if (!whole && is_html_type(entry->mime)) {
      ready_.push_back({.url = url::browser_url(entry->url),
                        .reason = found.reason,
                        .detail = "a revisit whose original is not in this file"});
    }
  }
  std::ranges::reverse(ready_);
  if (!revisits_.empty()) reader_ = crawl::WarcReader(crawl::file_stream(path_));
  number_ = 0;
}

std::optional<PageInput> WarcPages::next_revisit() {
  while (ready_.empty() && !revisits_.empty()) {
    const auto record = reader_.next();
    if (!record) break;  // the file was changed meanwhile
    const auto it = revisits_.find(number_++);
    if (it == revisits_.end()) continue;
    if (const auto answer = read_answer(*record)) {
      for (const WarcStore::Entry* revisit : it->second) {
        ready_.push_back(page_of(revisit->url, *answer));
        ready_.back().use_tags = store_->follow(*revisit).use_tags;
      }
    }
    std::ranges::reverse(ready_);
    revisits_.erase(it);
  }
  if (ready_.empty()) return std::nullopt;
  PageInput page = std::move(ready_.back());
  ready_.pop_back();
  return page;
}

}  // namespace flamingo::corpus
