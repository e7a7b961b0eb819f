#include "flamingo/crawl/fetcher.h"

#include <curl/curl.h>

#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/crawl/fetch_loop.h"
#include "flamingo/crawl/robots.h"

namespace flamingo::crawl {
namespace {

/// Sites remembered between batches; beyond this many all are forgotten.
constexpr size_t kMaxSites = 100'000;

/// libcurl's own state, made before its first use and kept.
void start_libcurl() {
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  require(code == CURLE_OK, "fetcher", "expected libcurl to start");
}

TransferContext make_context(FetchOptions options, DialHook dial) {
  options.validate();
  AddressRules rules(options.ports, options.allowed_addresses);
  UsePolicy policy{std::string(product_token(options.user_agent)), options.forbidden_uses};
  return {std::move(options), std::move(rules), std::move(policy), std::move(dial)};
}

}  // namespace

class Fetcher::State {
 public:
  State(FetchOptions options, FetchHooks hooks)
      : transfers_(make_context(std::move(options), std::move(hooks.dial))),
        multi_(::curl_multi_init()),
        resolver_(hooks.resolve ? std::move(hooks.resolve) : system_resolve,
                  [multi = multi_.get()] { ::curl_multi_wakeup(multi); }) {
    require(multi_ != nullptr, "fetcher", "expected a libcurl handle, got none");
  }

  void fetch(std::span<const std::string> urls, const Done& done) {
    if (sites_.size() > kMaxSites) sites_.clear();
    const Done counted = [&](size_t index, FetchResult result) {
      counts_.add(result);
      done(index, std::move(result));
    };
    FetchLoop({transfers_, multi_.get(), resolver_, sites_}, counted).run(urls);
  }

  const FetchCounts& counts() const { return counts_; }

 private:
  struct FreeMulti {
    void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
  };

  TransferContext transfers_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  Resolver resolver_;  // after multi_, which its threads wake
  SiteTable sites_;
  FetchCounts counts_;
};

Fetcher::Fetcher(FetchOptions options, FetchHooks hooks) {
  start_libcurl();
  state_ = std::make_unique<State>(std::move(options), std::move(hooks));
}

Fetcher::~Fetcher() = default;

void Fetcher::fetch(std::span<const std::string> urls, const Done& done) {
  state_->fetch(urls, done);
}

std::vector<FetchResult> Fetcher::fetch(std::span<const std::string> urls) {
  std::vector<FetchResult> results(urls.size());
  fetch(urls, [&](size_t index, FetchResult result) { results[index] = std::move(result); });
  return results;
}

const FetchCounts& Fetcher::counts() const { return state_->counts(); }

}  // namespace flamingo::crawl
