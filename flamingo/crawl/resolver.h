#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "flamingo/url/ip_address.h"

namespace flamingo::crawl {

/// All addresses of a host name; none when it has none. Called from several threads at once.
using ResolveHost = std::function<std::vector<url::IpAddress>(const std::string& host)>;

/// What the system says (getaddrinfo), which also reads IP addresses in every spelling. Blocks for
/// as long as the system's resolver takes.
std::vector<url::IpAddress> system_resolve(const std::string& host);

/// Looks hosts up on threads of its own, so that an event loop need not wait.
class Resolver {
 public:
  /// What a lookup found; no addresses where the host has none.
  struct Answer {
    std::string key;  ///< of ask()
    std::vector<url::IpAddress> addresses;
  };

  /// wake: called from a resolver thread when an answer is there to be taken.
  Resolver(ResolveHost resolve, std::function<void()> wake);
  /// Waits for lookups under way.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Queues a lookup of `host`; its answer carries `key`.
  void ask(std::string key, std::string host);
  /// The answers since the last call.
  std::vector<Answer> take_answers();

 private:
  /// A lookup that waits for a thread.
  struct Question {
    std::string key;
    std::string host;
  };

  void work();

  ResolveHost resolve_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable asked_;
  bool stopping_ = false;
  std::deque<Question> questions_;
  std::vector<Answer> answers_;
  std::vector<std::thread> threads_;
};

}  // namespace flamingo::crawl
