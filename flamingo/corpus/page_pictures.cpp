#include "flamingo/corpus/page_pictures.h"

#include <unordered_map>
#include <utility>

#include "flamingo/corpus/warc_answer.h"
#include "flamingo/crawl/robots.h"
#include "flamingo/crawl/use_policy.h"
#include "flamingo/html/data_url.h"
#include "flamingo/html/url.h"

namespace flamingo {
namespace {

FetchResult failed(const std::string& url, FetchReason reason) {
  FetchResult result;
  result.url = url;
  result.reason = reason;
  return result;
}

FetchResult found(const std::string& url, std::string bytes) {
  FetchResult result = failed(url, bytes.empty() ? FetchReason::kEmpty : FetchReason::kOk);
  result.bytes = std::move(bytes);
  return result;
}

FetchResult from_data_url(const std::string& url) {
  if (url.find(',') == std::string::npos) return failed(url, FetchReason::kBadUrl);
  auto bytes = read_data_url(url);
  return bytes ? found(url, *std::move(bytes)) : failed(url, FetchReason::kBadEncoding);
}

/// Answers for data: addresses itself and asks another source for the rest.
class WithDataUrls : public PictureSource {
 public:
  explicit WithDataUrls(std::unique_ptr<PictureSource> source) : source_(std::move(source)) {}

  std::vector<FetchResult> get(std::span<const std::string> urls) override {
    std::vector<FetchResult> results(urls.size());
    std::vector<std::string> others;
    std::vector<size_t> places;
    for (size_t i = 0; i < urls.size(); ++i) {
      if (is_data_url(urls[i])) {
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
  std::unique_ptr<PictureSource> source_;
};

/// The folder of an input, whose files go by the addresses they were published under.
class InputFolder : public PictureSource {
 public:
  InputFolder(const InputConfig& input, uint64_t max_bytes)
      : input_(input), files_(input_folder(input), max_bytes) {}

  std::vector<FetchResult> get(std::span<const std::string> urls) override {
    std::vector<FetchResult> results;
    for (const std::string& url : urls) {
      const auto path = path_in_folder(input_, url);
      results.push_back(path ? files_.get_one(*path) : failed(url, FetchReason::kRefused));
      results.back().url = url;
    }
    return results;
  }

 private:
  const InputConfig& input_;
  FolderPictures files_;
};

/// Pictures among the answers in a WARC file.
class WarcPictures : public PictureSource {
 public:
  WarcPictures(const std::string& path, const FetchOptions& options,
               std::shared_ptr<const WarcPictureStore> store)
      : path_(path),
        policy_{std::string(product_token(options.user_agent)), options.forbidden_uses},
        store_(std::move(store)) {}

  std::vector<FetchResult> get(std::span<const std::string> urls) override {
    std::vector<FetchResult> results;
    Places missing;
    for (const std::string& url : urls) {
      const HttpMessage* answer = store_->find(url);
      if (answer == nullptr) missing[normalise_url(url)].push_back(results.size());
      results.push_back(answer ? take(url, *answer) : failed(url, FetchReason::kNotFound));
    }
    if (!store_->complete()) find_in_file(std::move(missing), results);
    return results;
  }

 private:
  using Places = std::unordered_map<std::string, std::vector<size_t>>;  ///< by normal address

  FetchResult take(const std::string& url, const HttpMessage& answer) const {
    for (const auto tag : answer.headers.all("X-Robots-Tag")) {
      if (policy_.header_forbids(tag)) return failed(url, FetchReason::kUseForbidden);
    }
    return found(url, answer.body);
  }

  void find_in_file(Places missing, std::vector<FetchResult>& results) const {
    WarcReader reader(file_stream(path_));
    while (!missing.empty()) {
      const auto record = reader.next();
      if (!record) return;
      const auto it = missing.find(normalise_url(record->target_uri));
      if (it == missing.end()) continue;
      const auto answer = read_answer(*record);
      if (!answer) continue;
      for (const size_t place : it->second) {
        results[place] = take(results[place].url, *answer);
      }
      missing.erase(it);
    }
  }

  std::string path_;
  UsePolicy policy_;
  std::shared_ptr<const WarcPictureStore> store_;
};

std::unique_ptr<PictureSource> make_source(const CorpusRecipe& recipe, const ShardPlan& plan,
                                           std::shared_ptr<const WarcPictureStore> store) {
  switch (plan.input->pictures) {
    case PictureOrigin::kWarc:
      require(plan.is_warc(), plan.input->path, "expected WARC files for pictures \"warc\"",
              "pictures of HTML files come from \"folder\" or \"http\"");
      return std::make_unique<WarcPictures>(plan.files.front(), recipe.fetch, std::move(store));
    case PictureOrigin::kFolder:
      return std::make_unique<InputFolder>(*plan.input,
                                           static_cast<uint64_t>(recipe.pictures.max_bytes));
    case PictureOrigin::kHttp:
      return std::make_unique<WebPictures>(recipe.fetch, FetchCache(recipe.output + "/cache"));
  }
  fail("page_pictures", "expected a known origin of pictures, got another");
}

}  // namespace

std::unique_ptr<PictureSource> page_pictures(const CorpusRecipe& recipe, const ShardPlan& plan,
                                             std::shared_ptr<const WarcPictureStore> store) {
  return std::make_unique<WithDataUrls>(make_source(recipe, plan, std::move(store)));
}

}  // namespace flamingo
