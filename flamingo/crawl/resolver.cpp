#include "flamingo/crawl/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace flamingo::crawl {
namespace {

constexpr int kThreads = 8;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::vector<url::IpAddress> look_up(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_flags = flags;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  std::vector<url::IpAddress> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    if (const auto address = url::IpAddress::from_sockaddr(info->ai_addr))
      addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace

std::vector<url::IpAddress> system_resolve(const std::string& host) {
  // Not AI_ADDRCONFIG for numbers: a machine without IPv6 still reads "::1", to refuse it.
  std::vector<url::IpAddress> addresses = look_up(host, AI_NUMERICHOST);
  if (addresses.empty()) addresses = look_up(host, AI_ADDRCONFIG);
  return addresses;
}

Resolver::Resolver(ResolveHost resolve, std::function<void()> wake)
    : resolve_(std::move(resolve)), wake_(std::move(wake)) {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { work(); });
}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Resolver::ask(std::string key, std::string host) {
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back({std::move(key), std::move(host)});
  }
  asked_.notify_one();
}

std::vector<Resolver::Answer> Resolver::take_answers() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void Resolver::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    asked_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    if (stopping_) return;
    Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    Answer answer{std::move(question.key), {}};
    try {
      answer.addresses = resolve_(question.host);
    } catch (const std::exception&) {
      // A lookup that fails in any way has no addresses.
    }
    lock.lock();
    answers_.push_back(std::move(answer));
    wake_();
  }
}

}  // namespace flamingo::crawl
