#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flamingo::text {

/// What two neighbours become; the smallest rank goes first, then the leftmost.
struct Merge {
  uint32_t rank = 0;  ///< below kNoRank
  int32_t id = 0;
};

/// The rank of a pair that is never merged.
constexpr uint32_t kNoRank = UINT32_MAX;

/// What such a pair becomes.
constexpr Merge kNoMerge = {kNoRank, -1};

/// A stretch of a piece that is one token so far, in a doubly linked list.
struct Symbol {
  int32_t id = -1;          ///< token, or -1
  int32_t prev = -1;        ///< index, or -1
  int32_t next = -1;        ///< index, or -1
  uint32_t rank = kNoRank;  ///< of its merge with its right neighbour; kNoRank once merged away
  int32_t merge = -1;       ///< what they become
};

/// Merges that wait, smallest (rank, position) first.
struct WaitingMerge {
  uint32_t rank = 0;
  int32_t position = 0;

  friend bool operator>(const WaitingMerge& a, const WaitingMerge& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
  }
};

/// Binary heap: the plain queue, best for short pieces.
class HeapQueue {
 public:
  void push(WaitingMerge merge) {
    heap_.push_back(merge);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  std::optional<WaitingMerge> pop() {
    if (heap_.empty()) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const WaitingMerge top = heap_.back();
    heap_.pop_back();
    return top;
  }
  bool empty() const { return heap_.empty(); }
  const WaitingMerge& front() const { return heap_.front(); }

 private:
  std::vector<WaitingMerge> heap_;
};

/// One bucket per rank. Positions of one rank mostly arrive in order, so that a bucket is a list
/// read from the front beside a small heap of late-comers: near constant time per merge, for pieces
/// of megabytes.
class BucketQueue {
 public:
  void push(WaitingMerge merge) {
    Bucket& bucket = bucket_of(merge.rank);
    if (bucket.empty()) {
      ranks_.push_back(merge.rank);
      std::push_heap(ranks_.begin(), ranks_.end(), std::greater<>());
    }
    bucket.push(merge);
  }
  std::optional<WaitingMerge> pop() {
    if (ranks_.empty()) return std::nullopt;
    Bucket& bucket = bucket_of(ranks_.front());
    const WaitingMerge top = bucket.pop(ranks_.front());
    if (bucket.empty()) {
      std::pop_heap(ranks_.begin(), ranks_.end(), std::greater<>());
      ranks_.pop_back();
    }
    return top;
  }

 private:
  /// The positions that wait with one rank.
  struct Bucket {
    std::deque<int32_t> in_order;  // gives its memory back from the front
    HeapQueue late;

    bool empty() const { return in_order.empty() && late.empty(); }
    void push(const WaitingMerge& merge) {
      if (in_order.empty() || in_order.back() <= merge.position) {
        in_order.push_back(merge.position);
      } else {
        late.push(merge);
      }
    }
    WaitingMerge pop(uint32_t rank) {
      const bool take_late =
          !late.empty() && (in_order.empty() || late.front().position < in_order.front());
      if (take_late) return *late.pop();
      const int32_t first = in_order.front();
      in_order.pop_front();
      return {rank, first};
    }
  };

  /// Most calls ask for the rank of the call before.
  Bucket& bucket_of(uint32_t rank) {
    if (last_ == nullptr || rank != last_rank_) {
      last_ = &buckets_[rank];
      last_rank_ = rank;
    }
    return *last_;
  }

  std::unordered_map<uint32_t, Bucket> buckets_;
  std::vector<uint32_t> ranks_;  // heap of the buckets that are not empty
  Bucket* last_ = nullptr;
  uint32_t last_rank_ = 0;
};

/// Makes each symbol the neighbour of the next.
inline void link_neighbours(std::span<Symbol> symbols) {
  const auto size = static_cast<int32_t>(symbols.size());
  for (int32_t i = 0; i < size; ++i) {
    Symbol& symbol = symbols[static_cast<size_t>(i)];
    symbol.prev = i - 1;
    symbol.next = i + 1 < size ? i + 1 : -1;
  }
}

/// Links `symbols`, whose ids are given, and merges neighbours until no pair is known; what is left
/// is the list from symbol 0 on. lookup(left, right), of indices, gives an optional Merge.
/// Time O(n log n) with HeapQueue, near O(n) with BucketQueue; both give the same list.
///
/// A pair that overlaps one on its left which goes first is not queued until that one is gone. The
/// pair that goes next always is queued, and a run of one character queues one pair, not all.
template <class Queue, class Lookup>
void merge_with(std::span<Symbol> symbols, const Lookup& lookup) {
  Queue queue;
  const auto at = [&](int32_t i) -> Symbol& { return symbols[static_cast<size_t>(i)]; };
  const auto look_up = [&](int32_t i) {
    Symbol& symbol = at(i);
    Merge merge = kNoMerge;
    if (symbol.next >= 0) merge = std::optional<Merge>(lookup(i, symbol.next)).value_or(kNoMerge);
    symbol.rank = merge.rank;
    symbol.merge = merge.id;
  };
  const auto offer = [&](int32_t i) {
    const Symbol& symbol = at(i);
    const bool waits = symbol.prev >= 0 && at(symbol.prev).rank <= symbol.rank;
    if (symbol.rank != kNoRank && !waits) queue.push({symbol.rank, i});
  };
  link_neighbours(symbols);
  for (int32_t i = 0; i < static_cast<int32_t>(symbols.size()); ++i) {
    look_up(i);
    offer(i);
  }
  while (const auto top = queue.pop()) {
    const int32_t position = top->position;
    Symbol& left = at(position);
    if (left.rank != top->rank) continue;  // changed since it was queued
    Symbol& right = at(left.next);
    const uint32_t right_rank = std::exchange(right.rank, kNoRank);
    left.id = left.merge;
    left.next = right.next;
    look_up(position);
    if (left.prev >= 0) {
      look_up(left.prev);
      offer(left.prev);
    }
    offer(position);
    if (left.next < 0) continue;
    at(left.next).prev = position;
    if (right_rank <= at(left.next).rank) offer(left.next);  // it waited for `right`
  }
}

/// Merges with the queue that suits the length.
template <class Lookup>
void merge_symbols(std::span<Symbol> symbols, const Lookup& lookup) {
  constexpr size_t kLong = 4096;
  if (symbols.size() < kLong) {
    merge_with<HeapQueue>(symbols, lookup);
  } else {
    merge_with<BucketQueue>(symbols, lookup);
  }
}

}  // namespace flamingo::text
