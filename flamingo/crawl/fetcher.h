#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/crawl/fetch_options.h"
#include "flamingo/crawl/fetch_result.h"
#include "flamingo/crawl/resolver.h"
#include "flamingo/crawl/transfer.h"

namespace flamingo::crawl {

/// What a fetcher asks of the world, for tests and special networks; empty members are the system.
struct FetchHooks {
  ResolveHost resolve;
  DialHook dial;
};

/// Asks for many pictures at once, politely and behind walls: every host is looked up once, all its
/// addresses must pass the address rules, and exactly a checked one is dialled; each redirect goes
/// through the same gate. robots.txt is read first, sites are not asked more often than the options
/// say. No call throws for what a server does: the result says it.
///
/// One call at a time; the work is done on the calling thread, only host lookups run on others.
class Fetcher {
 public:
  /// Receives the result for urls[index], in the order in which they end.
  using Done = std::function<void(size_t index, FetchResult result)>;

  /// Throws Error on options that make no sense.
  explicit Fetcher(FetchOptions options, FetchHooks hooks = {});
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  /// Asks for every URL and calls `done` once for each, on this thread. What `done` throws ends the
  /// call; requests under way are dropped.
  void fetch(std::span<const std::string> urls, const Done& done);
  /// The same, in the order of `urls`; keeps all pictures in memory.
  std::vector<FetchResult> fetch(std::span<const std::string> urls);

  /// Of all calls so far; robots.txt is not counted.
  const FetchCounts& counts() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace flamingo::crawl
