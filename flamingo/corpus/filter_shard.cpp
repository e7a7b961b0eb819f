#include "flamingo/corpus/filter_shard.h"

#include <map>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/corpus/signature.h"
#include "flamingo/document/edit.h"
#include "flamingo/document/shard.h"
#include "flamingo/html/charset.h"

namespace flamingo::corpus {
namespace {

constexpr size_t kPagesAtOnce = 64;  // whose pictures are fetched together

class ShardFilter {
 public:
  ShardFilter(const FilterJob& job, const ShardFiles& files)
      : job_(job),
        files_(files),
        hasher_(job.filter.recipe().fingerprints),
        shard_(files.filtered) {}

  void run() {
    // A WARC file is searched for pictures once, so all of its pages wait for that.
    const size_t at_once = job_.plan.is_warc() ? SIZE_MAX : kPagesAtOnce;
    std::vector<document::Document> batch;
    while (auto input = job_.pages.next()) {
      if (auto document = read_page(*input)) batch.push_back(std::move(*document));
      if (batch.size() >= at_once) add_pictures(std::exchange(batch, {}));
      if (job_.on_pages) job_.on_pages(1);
    }
    add_pictures(std::move(batch));
    for (const auto& [name, count] : job_.pages.answers()) report_.add_answers(name, count);
    for (int64_t i = 0; i < job_.pages.num_lost(); ++i) {
      report_.drop_page({"damaged_record", job_.plan.files.front(), "", ""}, 0);
    }
    finish();
  }

 private:
  /// The page as a document, unless a rule drops it.
  std::optional<document::Document> read_page(const PageInput& input) {
    if (input.reason != crawl::FetchReason::kOk) {
      report_.drop_page(
          {"answer_" + std::string(enum_name(input.reason)), input.url, input.detail, ""}, 0);
      return std::nullopt;
    }
    html::HtmlPage page;
    try {
      page = html::parse_page(html::decode_page(input.bytes, input.charset), input.url,
                              job_.filter.recipe().page);
    } catch (const Error& error) {
      report_.drop_page({"html_limit", input.url, error.what(), ""}, 0);
      return std::nullopt;
    }
    for (const auto& [reason, name] : enum_table(html::DropReason{})) {
      report_.drop_media("html_" + std::string(name),
                         page.dropped[static_cast<size_t>(reason)].pictures);
    }
    document::Document& document = page.document;
    if (const auto objection = job_.filter.judge(page, input.use_tags)) {
      report_.drop_page(
          {objection->rule, document.url, objection->detail, document::plain_text(document)},
          std::ssize(document.media));
      return std::nullopt;
    }
    if (document.licence.empty()) document.licence = job_.plan.input->licence;
    return std::move(document);
  }

  void add_pictures(std::vector<document::Document> documents) {
    std::map<std::string, size_t> index;  // of a URL among urls
    std::vector<std::string> urls;
    for (const document::Document& document : documents) {
      for (const document::MediaItem& media_item : document.media) {
        if (media_item.kind != document::MediaKind::kImage) continue;
        if (index.emplace(media_item.url, urls.size()).second) urls.push_back(media_item.url);
      }
    }
    const auto results = job_.pictures.get(urls);
    for (document::Document& document : documents) {
      for (document::MediaItem& media_item : document.media) {
        if (media_item.kind == document::MediaKind::kImage)
          take(results[index.at(media_item.url)], media_item);
      }
      add_page(std::move(document));
    }
  }

  /// Fills in a picture's bytes, or counts why they are missing.
  void take(const crawl::FetchResult& result, document::MediaItem& media_item) {
    if (result.ok()) {
      media_item.bytes = result.bytes;
    } else {
      const std::string reason(enum_name(result.reason));
      report_.drop_media_item({"fetch_" + reason, media_item.url, reason, ""});
    }
  }

  void add_page(document::Document document) {
    std::vector<bool> keep(document.media.size());
    std::vector<uint64_t> hashes;
    for (size_t i = 0; i < document.media.size(); ++i) {
      document::MediaItem& media_item = document.media[i];
      uint64_t hash = 0;
      if (media_item.kind == document::MediaKind::kVideo) {
        report_.drop_media_item({"video", media_item.url, "", ""});
      } else if (!media_item.bytes.empty()) {
        const auto objection = job_.filter.judge_media_item(media_item, hash);
        keep[i] = !objection.has_value();
        if (objection)
          report_.drop_media_item({objection->rule, media_item.url, objection->detail, ""});
      }
      if (keep[i]) hashes.push_back(hash);
    }
    document::keep_media(document, keep);
    if (document.media.empty()) {
      report_.drop_page({"no_picture_left", document.url, "", document::plain_text(document)}, 0);
      return;
    }
    signatures_.push_back(sign_document(document, hasher_, hashes).signature);
    report_.keep(std::ssize(document.media), document::count_words(document));
    char key[32];
    std::snprintf(key, sizeof(key), "%s-%06lld", job_.plan.name.c_str(),
                  static_cast<long long>(num_kept_++));
    shard_.add(key, std::move(document));
  }

  void finish() {
    shard_.finish();
    write_file_atomic(files_.signatures,
                      write_signatures(signatures_, job_.filter.recipe().fingerprints));
    write_file_atomic(files_.filtered_report, report_.to_json().dump(1) + "\n");
  }

  const FilterJob& job_;
  const ShardFiles& files_;
  ParagraphHasher hasher_;
  document::ShardWriter shard_;
  BuildReport report_;
  std::vector<Signature> signatures_;
  int64_t num_kept_ = 0;
};

}  // namespace

void filter_shard(const FilterJob& job, const ShardFiles& files) { ShardFilter(job, files).run(); }

}  // namespace flamingo::corpus
