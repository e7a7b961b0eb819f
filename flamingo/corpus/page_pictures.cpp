#include "flamingo/corpus/page_pictures.h"

#include <unordered_map>
#include <utility>

#include "flamingo/corpus/warc_store.h"
#include "flamingo/crawl/robots.h"
#include "flamingo/crawl/use_policy.h"
#include "flamingo/url/data_url.h"
#include "flamingo/url/url.h"

namespace flamingo::corpus {
namespace {

crawl::FetchResult failed(const std::string& url, crawl::FetchReason reason) {
  crawl::FetchResult result;
  result.url = url;
  result.reason = reason;
  return result;
}

crawl::FetchResult found(const std::string& url, std::string bytes) {
  crawl::FetchResult result =
      failed(url, bytes.empty() ? crawl::FetchReason::kEmpty : crawl::FetchReason::kOk);
  result.bytes = std::move(bytes);
  return result;
}

crawl::FetchResult from_data_url(const std::string& url) {
  if (url.find(',') == std::string::npos) return failed(url, crawl::FetchReason::kBadUrl);
  auto bytes = url::read_data_url(url);
  return bytes ? found(url, *std::move(bytes)) : failed(url, crawl::FetchReason::kBadEncoding);
}

/// Answers for data: addresses itself and asks another source for the rest.
class WithDataUrls : public crawl::PictureSource {
 public:
  explicit WithDataUrls(std::unique_ptr<crawl::PictureSource> source)
      : source_(std::move(source)) {}

  std::vector<crawl::FetchResult> get(std::span<const std::string> urls) override {
    std::vector<crawl::FetchResult> results(urls.size());
    std::vector<std::string> others;
    std::vector<size_t> places;
    for (size_t i = 0; i < urls.size(); ++i) {
      if (url::is_data_url(urls[i])) {
        results[i] = from_data_url(urls[i]);
      } else {
        others.push_back(urls[i]);
        places.push_back(i);
      }
    }
    auto answers = source_->get(others);
    for (size_t i = 0; i < places.size(); ++i) results[places[i]] = std::move(answers[i]);
    return results;
  }

 private:
  std::unique_ptr<crawl::PictureSource> source_;
};

/// The folder of an input, whose files go by the addresses they were published under.
class InputFolder : public crawl::PictureSource {
 public:
  InputFolder(const InputConfig& input, uint64_t max_bytes)
      : input_(input), files_(input_folder(input), max_bytes) {}

  std::vector<crawl::FetchResult> get(std::span<const std::string> urls) override {
    std::vector<crawl::FetchResult> results;
    for (const std::string& url : urls) {
      const auto path = path_in_folder(input_, url);
      results.push_back(path ? files_.get_one(*path) : failed(url, crawl::FetchReason::kRefused));
      results.back().url = url;
    }
    return results;
  }

 private:
  const InputConfig& input_;
  crawl::FolderPictures files_;
};

/// Pictures among the answers in a WARC file.
class WarcPictures : public crawl::PictureSource {
 public:
  WarcPictures(const std::string& path, const crawl::FetchOptions& options,
               std::shared_ptr<const WarcStore> store)
      : path_(path),
        policy_{std::string(crawl::product_token(options.user_agent)), options.forbidden_uses},
        store_(std::move(store)) {}

  std::vector<crawl::FetchResult> get(std::span<const std::string> urls) override {
    std::vector<crawl::FetchResult> results;
    std::unordered_map<uint64_t, std::vector<size_t>> unread;  // results by number of record
    for (const std::string& url : urls) {
      const auto answer = store_->find(url);
      results.push_back(failed(url, judge(answer)));
      if (!results.back().ok()) continue;
      if (answer.entry->kept) {
        results.back() = found(url, answer.entry->body);
      } else {
        unread[answer.entry->record].push_back(results.size() - 1);
      }
    }
    read_again(std::move(unread), results);
    return results;
  }

 private:
  crawl::FetchReason judge(const WarcStore::Found& answer) const {
    if (answer.reason != crawl::FetchReason::kOk) return answer.reason;
    if (answer.entry->kind != AnswerKind::kPicture) return crawl::FetchReason::kWrongType;
    for (const std::string& tag : answer.use_tags) {
      if (policy_.header_forbids(tag)) return crawl::FetchReason::kUseForbidden;
    }
    return crawl::FetchReason::kOk;
  }

  void read_again(std::unordered_map<uint64_t, std::vector<size_t>> unread,
                  std::vector<crawl::FetchResult>& results) const {
    if (unread.empty()) return;
    crawl::WarcReader reader(crawl::file_stream(path_));
    for (uint64_t number = 0; !unread.empty(); ++number) {
      const auto record = reader.next();
      if (!record) break;
      const auto it = unread.find(number);
      if (it == unread.end()) continue;
      const auto answer = read_answer(*record);
      for (const size_t place : it->second) {
        results[place] = answer ? found(results[place].url, answer->message.body)
                                : failed(results[place].url, crawl::FetchReason::kNotFound);
      }
      unread.erase(it);
    }
  }

  std::string path_;
  crawl::UsePolicy policy_;
  std::shared_ptr<const WarcStore> store_;
};

std::unique_ptr<crawl::PictureSource> make_source(const CorpusRecipe& recipe, const ShardPlan& plan,
                                                  std::shared_ptr<const WarcStore> store) {
  switch (plan.input->pictures) {
    case PictureOrigin::kWarc:
      require(plan.is_warc(), plan.input->path, "expected WARC files for pictures \"warc\"",
              Hint{"pictures of HTML files come from \"folder\" or \"http\""});
      return std::make_unique<WarcPictures>(plan.files.front(), recipe.fetch, std::move(store));
    case PictureOrigin::kFolder:
      return std::make_unique<InputFolder>(*plan.input,
                                           static_cast<uint64_t>(recipe.pictures.max_bytes));
    case PictureOrigin::kHttp:
      return std::make_unique<crawl::WebPictures>(recipe.fetch,
                                                  crawl::FetchCache(recipe.output + "/cache"));
  }
  fail("page_pictures", "expected a known origin of pictures, got number {}",
       static_cast<int>(plan.input->pictures));
}

}  // namespace

std::unique_ptr<crawl::PictureSource> page_pictures(const CorpusRecipe& recipe,
                                                    const ShardPlan& plan,
                                                    std::shared_ptr<const WarcStore> store) {
  return std::make_unique<WithDataUrls>(make_source(recipe, plan, std::move(store)));
}

}  // namespace flamingo::corpus
