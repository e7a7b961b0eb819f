#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/crawl/fetch_result.h"
#include "flamingo/crawl/robots.h"
#include "flamingo/crawl/web_address.h"
#include "flamingo/url/ip_address.h"

namespace flamingo::crawl {

/// The fetcher's clock: waits and timeouts, no dates.
using FetchClock = std::chrono::steady_clock;

struct Site;

/// A URL on its way through a fetcher, or a robots.txt that others wait for.
struct FetchJob {
  size_t index = 0;           ///< of the URL in its batch; none for robots.txt
  Site* robots_of = nullptr;  ///< the site whose robots.txt this is
  WebAddress address;         ///< of the next hop
  FetchResult result;         ///< as far as it is known
  int64_t redirects = 0;      ///< followed so far
  double seconds_left = 0;    ///< of this attempt
};

/// A piece of knowledge that is asked for when it is missing or old: `reason` is kOk when it could
/// be had.
struct Knowledge {
  bool asked = false;  ///< an answer is on its way
  FetchReason reason = FetchReason::kOk;
  FetchClock::time_point until = FetchClock::time_point::min();

  bool known(FetchClock::time_point now) const { return !asked && now < until; }
  void learn(FetchReason how, FetchClock::time_point valid_until) {
    asked = false;
    reason = how;
    until = valid_until;
  }
};

/// What a fetcher knows about one origin (scheme, host, port), and what waits for it.
struct Site {
  WebAddress address;  ///< of its robots.txt
  Knowledge lookup;
  std::vector<url::IpAddress> addresses;  ///< all checked; IPv4 first
  Knowledge robots_asked;
  RobotsTxt robots;
  FetchClock::time_point not_before = FetchClock::time_point::min();  ///< of the next request
  std::deque<FetchJob> queue;
  int64_t running = 0;

  /// Forgets what waits and runs, not what is known.
  void abandon() {
    queue.clear();
    running = 0;
    lookup.asked = robots_asked.asked = false;
  }
};

}  // namespace flamingo::crawl
