#pragma once

#include <curl/curl.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flamingo/crawl/resolver.h"
#include "flamingo/crawl/site.h"
#include "flamingo/crawl/transfer.h"

namespace flamingo::crawl {

/// Sites by origin; pointers to them stay valid while it lives.
using SiteTable = std::unordered_map<std::string, Site>;

/// What a fetcher keeps between batches; must outlive the loop.
struct FetchLoopContext {
  const TransferContext& transfers;
  CURLM* multi;
  Resolver& resolver;
  SiteTable& sites;
};

/// One batch of URLs: queues per site, timers, and libcurl's multi handle that runs the transfers.
///
///   URL --> site queue --> lookup --> robots.txt --> delay --> transfer --> done
///               ^------------- redirect, retry after a while ------'
class FetchLoop {
 public:
  using Done = std::function<void(size_t index, FetchResult result)>;

  FetchLoop(const FetchLoopContext& context, const Done& done);
  ~FetchLoop();
  FetchLoop(const FetchLoop&) = delete;
  FetchLoop& operator=(const FetchLoop&) = delete;

  /// Returns when `done` was called once for each URL.
  void run(std::span<const std::string> urls);

 private:
  using Time = FetchClock::time_point;
  /// A job whose request is under way.
  struct Running {
    FetchJob job;
    Site* site;
    Time started;
    std::unique_ptr<Transfer> transfer;
  };

  const FetchOptions& options() const { return context_.transfers.options; }

  // Queues and timers.
  Site& site_of(const WebAddress& address);
  void enqueue_url(size_t index, const std::string& url);
  void enqueue(FetchJob job);
  void wake(Site& site, Time when) { wakes_.emplace(when, &site); }
  void release_retries();
  void start_transfers();
  void wait();

  // One site.
  void advance(Site& site);
  bool has_addresses(Site& site);
  void ask_robots(Site& site);
  bool may_start(Site& site, const FetchJob& job);
  void fail_queue(Site& site, FetchReason reason);
  void begin(Site& site, FetchJob job);

  // Answers.
  void take_lookups();
  void learn_addresses(Site& site, std::vector<url::IpAddress> addresses);
  void take_transfers();
  void settle(FetchJob job, Site& site, TransferOutcome outcome);
  void follow(FetchJob job, const std::string& location);
  void retry(FetchJob job, Site& site, const TransferOutcome& outcome);
  void finish(FetchJob job, FetchReason reason);
  void learn_robots(Site& site, const FetchResult& result);

  FetchLoopContext context_;
  const Done& done_;
  size_t unfinished_ = 0;
  std::set<std::pair<Time, Site*>> wakes_;  ///< sites that may have something to do, and when
  std::multimap<Time, FetchJob> retries_;
  std::map<CURL*, Running> running_;
};

}  // namespace flamingo::crawl
