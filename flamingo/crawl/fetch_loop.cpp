#include "flamingo/crawl/fetch_loop.h"

#include <algorithm>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::crawl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kLookupLife = seconds(300);
constexpr auto kRobotsLife = seconds(86'400);  // RFC 9309, 2.4
constexpr auto kFailureLife = seconds(600);    // of a lookup or a robots.txt that failed
constexpr auto kLongestWait = milliseconds(1'000);
constexpr int64_t kRobotsRedirects = 5;  // RFC 9309, 2.3.1.2

FetchClock::duration duration_of(double count) {
  return std::chrono::duration_cast<FetchClock::duration>(std::chrono::duration<double>(count));
}

/// What a robots.txt that ended like this means for the pictures after it: kOk when its rules, or
/// none, hold.
FetchReason robots_verdict(FetchReason reason) {
  using enum FetchReason;
  switch (reason) {
    case kOk:
    case kEmpty:
    case kNotFound:
    case kHttpStatus:
    case kRedirects:
      return kOk;
    case kDns:
    case kConnect:
    case kTls:
    case kTimeout:
    case kCutOff:
      return reason;
    default:
      return kRobotsUnreachable;
  }
}

}  // namespace

FetchLoop::FetchLoop(const FetchLoopContext& context, const Done& done)
    : context_(context), done_(done) {}

FetchLoop::~FetchLoop() {
  for (const auto& [handle, running] : running_) ::curl_multi_remove_handle(context_.multi, handle);
  if (unfinished_ == 0) return;
  for (auto& [origin, site] : context_.sites) site.abandon();
}

void FetchLoop::run(std::span<const std::string> urls) {
  unfinished_ = urls.size();
  for (size_t i = 0; i < urls.size(); ++i) enqueue_url(i, urls[i]);
  while (unfinished_ > 0) {
    release_retries();
    start_transfers();
    int active = 0;
    const CURLMcode code = ::curl_multi_perform(context_.multi, &active);
    require(code == CURLM_OK, "fetcher", "expected libcurl to run");
    take_transfers();
    take_lookups();
    if (unfinished_ > 0) wait();
  }
}

Site& FetchLoop::site_of(const WebAddress& address) {
  const auto [it, added] = context_.sites.try_emplace(address.origin());
  if (added) {
    it->second.address = address;
    it->second.address.target = "/robots.txt";
  }
  return it->second;
}

void FetchLoop::enqueue_url(size_t index, const std::string& url) {
  FetchJob job;
  job.index = index;
  job.result.url = url;
  job.result.final_url = url;
  job.seconds_left = options().total_seconds;
  auto address = WebAddress::parse(url);
  if (!address) return finish(std::move(job), FetchReason::kBadUrl);
  job.address = std::move(*address);
  Site& site = site_of(job.address);
  site.queue.push_back(std::move(job));
  wake(site, FetchClock::now());
}

void FetchLoop::enqueue(FetchJob job) {
  Site& site = site_of(job.address);
  site.queue.push_front(std::move(job));
  wake(site, FetchClock::now());
}

void FetchLoop::release_retries() {
  const Time now = FetchClock::now();
  while (!retries_.empty() && retries_.begin()->first <= now) {
    enqueue(std::move(retries_.extract(retries_.begin()).mapped()));
  }
}

void FetchLoop::start_transfers() {
  while (static_cast<int64_t>(running_.size()) < options().concurrency && !wakes_.empty() &&
         wakes_.begin()->first <= FetchClock::now()) {
    Site& site = *wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    advance(site);
  }
}

void FetchLoop::wait() {
  Time until = FetchClock::now() + kLongestWait;
  const bool full = static_cast<int64_t>(running_.size()) >= options().concurrency;
  if (!wakes_.empty() && !full) until = std::min(until, wakes_.begin()->first);
  if (!retries_.empty()) until = std::min(until, retries_.begin()->first);
  const auto left = std::chrono::ceil<milliseconds>(until - FetchClock::now());
  const int timeout = static_cast<int>(std::max<int64_t>(left.count(), 0));
  ::curl_multi_poll(context_.multi, nullptr, 0, timeout, nullptr);
}

void FetchLoop::advance(Site& site) {
  if (site.queue.empty() || !has_addresses(site)) return;
  if (options().respect_robots && site.queue.front().robots_of == nullptr) ask_robots(site);
  if (site.running >= options().host_concurrency || !may_start(site, site.queue.front())) return;
  FetchJob job = std::move(site.queue.front());
  site.queue.pop_front();
  const bool allowed = job.robots_of != nullptr || !options().respect_robots ||
                       site.robots.allows(job.address.target);
  if (allowed) {
    begin(site, std::move(job));
  } else {
    finish(std::move(job), FetchReason::kRobots);
  }
  if (!site.queue.empty()) wake(site, std::max(site.not_before, FetchClock::now()));
}

bool FetchLoop::has_addresses(Site& site) {
  if (site.lookup.known(FetchClock::now())) {
    if (site.lookup.reason == FetchReason::kOk) return true;
    fail_queue(site, site.lookup.reason);
  } else if (!site.lookup.asked) {
    site.lookup.asked = true;
    context_.resolver.ask(site.address.origin(), site.address.host);
  }
  return false;
}

void FetchLoop::ask_robots(Site& site) {
  if (site.robots_asked.asked || site.robots_asked.known(FetchClock::now())) return;
  site.robots_asked.asked = true;
  FetchJob job;
  job.robots_of = &site;
  job.address = site.address;
  job.seconds_left = options().total_seconds;
  site.queue.push_front(std::move(job));
}

/// Whether the first of the queue can be taken now; if not, the site is woken when it can.
bool FetchLoop::may_start(Site& site, const FetchJob& job) {
  if (job.robots_of == nullptr && options().respect_robots) {
    if (site.robots_asked.asked) return false;  // learn_robots() wakes
    if (site.robots_asked.reason != FetchReason::kOk) {
      fail_queue(site, site.robots_asked.reason);
      return false;
    }
  }
  if (site.not_before <= FetchClock::now()) return true;
  wake(site, site.not_before);
  return false;
}

void FetchLoop::fail_queue(Site& site, FetchReason reason) {
  for (FetchJob& job : std::exchange(site.queue, {})) finish(std::move(job), reason);
}

void FetchLoop::begin(Site& site, FetchJob job) {
  const Time now = FetchClock::now();
  const double crawl_delay =
      std::min(site.robots.crawl_delay().value_or(0), options().max_crawl_delay);
  site.not_before = now + duration_of(std::max(options().host_delay, crawl_delay));
  job.result.attempts = std::max(job.result.attempts, 1);
  const size_t pick = static_cast<size_t>(job.result.attempts - 1) % site.addresses.size();
  auto transfer = std::make_unique<Transfer>(
      context_.transfers, TransferRequest{job.address, site.addresses[pick], job.seconds_left,
                                          job.robots_of != nullptr});
  CURL* handle = transfer->handle();
  running_.emplace(handle, Running{std::move(job), &site, now, std::move(transfer)});
  ++site.running;
  const CURLMcode code = ::curl_multi_add_handle(context_.multi, handle);
  require(code == CURLM_OK, "fetcher", "expected libcurl to take a request");
}

void FetchLoop::take_lookups() {
  for (Resolver::Answer& answer : context_.resolver.take_answers()) {
    const auto it = context_.sites.find(answer.key);
    if (it == context_.sites.end()) continue;  // of a batch that was dropped
    learn_addresses(it->second, std::move(answer.addresses));
    wake(it->second, FetchClock::now());
  }
}

void FetchLoop::learn_addresses(Site& site, std::vector<url::IpAddress> addresses) {
  const Time now = FetchClock::now();
  if (addresses.empty()) return site.lookup.learn(FetchReason::kDns, now + kFailureLife);
  for (const url::IpAddress& address : addresses) {
    if (!context_.transfers.rules.may_dial(address, site.address.port)) {
      return site.lookup.learn(FetchReason::kRefused, now + kFailureLife);
    }
  }
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](const url::IpAddress& address) { return !address.is_v6; });
  site.addresses = std::move(addresses);
  site.lookup.learn(FetchReason::kOk, now + kLookupLife);
}

void FetchLoop::take_transfers() {
  int queued = 0;
  while (const CURLMsg* message = ::curl_multi_info_read(context_.multi, &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* handle = message->easy_handle;
    const CURLcode code = message->data.result;
    ::curl_multi_remove_handle(context_.multi, handle);
    Running running = std::move(running_.extract(handle).mapped());
    Site& site = *running.site;
    --site.running;
    wake(site, FetchClock::now());
    const std::chrono::duration<double> spent = FetchClock::now() - running.started;
    running.job.seconds_left -= spent.count();
    settle(std::move(running.job), site, running.transfer->finish(code));
  }
}

void FetchLoop::settle(FetchJob job, Site& site, TransferOutcome outcome) {
  job.result.final_url = job.address.text();
  job.result.status = outcome.status;
  job.result.content_type = std::move(outcome.content_type);
  job.result.bytes = std::move(outcome.bytes);
  if (outcome.reason == FetchReason::kRedirects) return follow(std::move(job), outcome.location);
  if (is_transient(outcome.reason) && job.result.attempts <= options().retries) {
    return retry(std::move(job), site, outcome);
  }
  finish(std::move(job), outcome.reason);
}

void FetchLoop::follow(FetchJob job, const std::string& location) {
  const int64_t most = job.robots_of != nullptr ? kRobotsRedirects : options().max_redirects;
  auto target = job.address.join(location);
  job.result.final_url = target ? target->text() : location;
  if (++job.redirects > most) return finish(std::move(job), FetchReason::kRedirects);
  if (!target) return finish(std::move(job), FetchReason::kBadUrl);
  if (job.seconds_left <= 0) return finish(std::move(job), FetchReason::kTimeout);
  job.address = std::move(*target);
  enqueue(std::move(job));
}

void FetchLoop::retry(FetchJob job, Site& site, const TransferOutcome& outcome) {
  const Time when = FetchClock::now() +
                    duration_of(options().retry_delay(job.result.attempts, outcome.retry_after));
  if (outcome.retry_after || outcome.reason == FetchReason::kRateLimited) {
    site.not_before = std::max(site.not_before, when);
  }
  ++job.result.attempts;
  job.seconds_left = options().total_seconds;
  retries_.emplace(when, std::move(job));
}

void FetchLoop::finish(FetchJob job, FetchReason reason) {
  job.result.reason = reason;
  if (job.robots_of != nullptr) return learn_robots(*job.robots_of, job.result);
  --unfinished_;
  done_(job.index, std::move(job.result));
}

void FetchLoop::learn_robots(Site& site, const FetchResult& result) {
  const FetchReason verdict = robots_verdict(result.reason);
  const bool ok = verdict == FetchReason::kOk;
  site.robots = ok ? RobotsTxt::parse(result.bytes, context_.transfers.policy.agent) : RobotsTxt();
  site.robots_asked.learn(verdict, FetchClock::now() + (ok ? kRobotsLife : kFailureLife));
  wake(site, FetchClock::now());
}

}  // namespace flamingo::crawl
