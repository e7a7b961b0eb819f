#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace flamingo::data {

/// Makes batch(first), batch(first + 1), ... on a thread of its own, at most `depth` ahead.
/// The order is fixed, so that results do not depend on timing. An exception of `make` comes out of
/// next() at its place in the order, and again at every later call.
template <class Batch>
class Prefetcher {
 public:
  using Make = std::function<Batch(int64_t)>;

  /// `make` is only called from the thread. depth >= 1.
  Prefetcher(Make make, int64_t first, int64_t depth = 2)
      : make_(std::move(make)), depth_(depth), thread_([this, first] { produce(first); }) {}
  ~Prefetcher() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next batch; waits until it is made.
  Batch next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty() || error_; });
    if (ready_.empty()) std::rethrow_exception(error_);
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return batch;
  }

 private:
  void produce(int64_t step) {
    try {
      for (;; ++step) {
        {
          std::unique_lock lock(mutex_);
          changed_.wait(lock, [this] { return stop_ || std::ssize(ready_) < depth_; });
          if (stop_) return;
        }
        Batch batch = make_(step);
        std::lock_guard lock(mutex_);
        ready_.push_back(std::move(batch));
        changed_.notify_all();
      }
    } catch (...) {
      std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      changed_.notify_all();
    }
  }

  Make make_;
  int64_t depth_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::exception_ptr error_;
  bool stop_ = false;
  std::thread thread_;  ///< last: starts when the rest is ready
};

}  // namespace flamingo::data
