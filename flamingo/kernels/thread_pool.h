#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace flamingo::kernels {

/// Part of a list: items [begin, end).
struct Range {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
};

/// A few persistent threads for loops of microseconds, for which OpenMP starts too slowly.
///
/// Each thread begins with its own share of a loop's items and goes through it in order, so that it
/// reads memory in one stream; then it helps the others with what is left of theirs. A loop ends
/// when all items are done, not when all threads have come: a thread that the system has put aside
/// holds nobody up. Idle threads spin for some 50 us, then sleep, so that they leave the cores to
/// other libraries.
class ThreadPool {
 public:
  /// body(items, slot): slot in [0, size()) tells which thread's scratch memory to use.
  using Body = std::function<void(Range, int)>;

  /// threads: the caller included, 1..256. Throws Error otherwise.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return size_; }

  /// Calls body for disjoint ranges that cover [0, items), items < 2^31, and returns when all are
  /// done. `body` must not throw, and must not use the same pool. Callers take turns.
  void parallel_for(int64_t items, const Body& body);

 private:
  /// The loop's number (upper half) and the share's items not yet handed out (lower half).
  struct alignas(64) Ticket {
    std::atomic<uint64_t> value{0};
  };

  /// The items of [0, items) with which thread `slot` begins, if it comes in time.
  Range share(int64_t items, int slot) const {
    return {items * slot / size_, items * (slot + 1) / size_};
  }
  void serve(int slot);
  void work(uint32_t loop, int slot);
  void take_from(int owner, uint32_t loop, int slot);
  void publish(uint32_t items);
  void sleep(uint32_t seen);
  void stop();

  const int size_;
  std::mutex turn_;  ///< held by the caller of parallel_for

  const Body* body_ = nullptr;
  uint32_t items_ = 0;
  const std::unique_ptr<Ticket[]> tickets_;  ///< one a slot
  alignas(64) std::atomic<uint32_t> loop_{0};
  alignas(64) std::atomic<uint32_t> done_{0};

  std::mutex sleep_mutex_;
  std::condition_variable wake_;
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// Threads that a machine's core count suggests, at most 64.
int default_thread_count();

}  // namespace flamingo::kernels
