#include "flamingo/kernels/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>

#include "flamingo/core/error.h"

namespace flamingo::kernels {
namespace {

constexpr int kSpinsBeforeYield = 2000;
constexpr std::chrono::microseconds kSpinBeforeSleep{50};

/// Tells the core that this is a spinning loop.
void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

/// Spins until `ready()`, offering the core to others when that takes long.
template <class Ready>
void spin_until(Ready ready) {
  for (int spins = 0; !ready(); ++spins) {
    if (spins < kSpinsBeforeYield) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

/// Spins for a while until `ready()`; false when the time is over.
template <class Ready>
bool spin_for_a_while(Ready ready) {
  const auto deadline = std::chrono::steady_clock::now() + kSpinBeforeSleep;
  do {
    for (int spins = 0; spins < 64; ++spins) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

uint32_t loop_of(uint64_t ticket) { return static_cast<uint32_t>(ticket >> 32); }
uint32_t left_of(uint64_t ticket) { return static_cast<uint32_t>(ticket); }

/// `threads`, or an Error when that is no sensible number.
int checked_size(int threads) {
  require(threads >= 1 && threads <= 256, "ThreadPool", "expected 1..256 threads, got {}", threads);
  return threads;
}

}  // namespace

ThreadPool::ThreadPool(int threads)
    : size_(checked_size(threads)), tickets_(std::make_unique<Ticket[]>(size_t(threads))) {
  try {
    for (int slot = 1; slot < threads; ++slot) {
      threads_.emplace_back([this, slot] { serve(slot); });
    }
  } catch (const std::system_error& error) {
    stop();
    fail("ThreadPool", "cannot start a thread: {}", error.what());
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stop_.store(true);
  publish(0);
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::parallel_for(int64_t items, const Body& body) {
  if (items <= 0) return;
  require(items <= INT32_MAX, "ThreadPool", "expected fewer than 2^31 items, got {}", items);
  if (size_ == 1 || items == 1) {
    body({0, items}, 0);
    return;
  }
  const std::lock_guard<std::mutex> lock(turn_);
  body_ = &body;
  items_ = static_cast<uint32_t>(items);
  done_.store(0, std::memory_order_relaxed);
  publish(items_);
  work(loop_.load(std::memory_order_relaxed), 0);
  spin_until([&] { return done_.load(std::memory_order_acquire) == items_; });
}

/// Opens the next loop. The order "loop, then sleepers" meets sleep()'s "sleepers, then loop": one
/// of the two sees the other.
void ThreadPool::publish(uint32_t items) {
  const uint32_t next = loop_.load(std::memory_order_relaxed) + 1;
  for (int slot = 0; slot < size_; ++slot) {
    const auto count = static_cast<uint64_t>(share(items, slot).size());
    tickets_[slot].value.store(uint64_t{next} << 32 | count, std::memory_order_release);
  }
  loop_.store(next, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) > 0) {
    const std::lock_guard<std::mutex> lock(sleep_mutex_);
    wake_.notify_all();
  }
}

/// Does what is left of loop number `loop`, the own share first.
void ThreadPool::work(uint32_t loop, int slot) {
  for (int i = 0; i < size_; ++i) take_from((slot + i) % size_, loop, slot);
}

/// Takes ranges of owner's share, half of what is left each time, until none is left. A range that
/// was taken keeps the loop, and with it body_ and items_, alive until it is counted as done.
void ThreadPool::take_from(int owner, uint32_t loop, int slot) {
  std::atomic<uint64_t>& share_left = tickets_[owner].value;
  uint64_t ticket = share_left.load(std::memory_order_acquire);
  while (loop_of(ticket) == loop && left_of(ticket) > 0) {
    const uint32_t left = left_of(ticket);
    const uint32_t taken = (left + 1) / 2;
    if (!share_left.compare_exchange_weak(ticket, ticket - taken, std::memory_order_acq_rel,
                                          std::memory_order_acquire)) {
      continue;
    }
    const int64_t begin = share(items_, owner).end - left;
    (*body_)({begin, begin + taken}, slot);
    done_.fetch_add(taken, std::memory_order_acq_rel);
    ticket = share_left.load(std::memory_order_acquire);
  }
}

void ThreadPool::serve(int slot) {
  uint32_t seen = 0;
  while (!stop_.load(std::memory_order_acquire)) {
    const auto changed = [&] { return loop_.load(std::memory_order_acquire) != seen; };
    if (!spin_for_a_while(changed)) sleep(seen);
    seen = loop_.load(std::memory_order_acquire);
    work(seen, slot);
  }
}

void ThreadPool::sleep(uint32_t seen) {
  std::unique_lock<std::mutex> lock(sleep_mutex_);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  wake_.wait(lock, [&] { return loop_.load(std::memory_order_seq_cst) != seen; });
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
}

int default_thread_count() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 64);
}

}  // namespace flamingo::kernels
