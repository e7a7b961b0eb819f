#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace flamingo {

/// A stretch of a piece that is one token so far, in a doubly linked list.
struct Symbol {
  int32_t id = -1;     ///< token, or -1
  uint32_t begin = 0;  ///< bytes from the start of the piece
  uint32_t size = 0;   ///< bytes; 0 once merged into its left neighbour
  int32_t prev = -1;   ///< index, or -1
  int32_t next = -1;   ///< index, or -1
  int32_t merge = -1;  ///< what it and its right neighbour become, or -1; kept by merge_with
};

/// What two neighbours become; the smallest rank goes first, then the leftmost.
struct Merge {
  uint32_t rank = 0;
  int32_t id = 0;
};

/// Merges that wait, smallest (rank, position) first.
struct WaitingMerge {
  uint32_t rank = 0;
  int32_t position = 0;
  int32_t id = 0;

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

 private:
  std::vector<WaitingMerge> heap_;
};

/// One bucket per rank. Positions of one rank mostly arrive in order, so that a bucket is a list
/// read from the front beside a small heap of late-comers: near constant time per merge, for pieces
/// of megabytes.
class BucketQueue {
 public:
  void push(WaitingMerge merge) {
    Bucket& bucket = buckets_[merge.rank];
    if (bucket.empty()) {
      ranks_.push_back(merge.rank);
      std::push_heap(ranks_.begin(), ranks_.end(), std::greater<>());
    }
    bucket.push(merge);
  }
  std::optional<WaitingMerge> pop() {
    if (ranks_.empty()) return std::nullopt;
    const auto found = buckets_.find(ranks_.front());
    const WaitingMerge top = found->second.pop();
    if (found->second.empty()) {
      buckets_.erase(found);
      std::pop_heap(ranks_.begin(), ranks_.end(), std::greater<>());
      ranks_.pop_back();
    }
    return top;
  }

 private:
  struct Bucket {
    std::vector<WaitingMerge> in_order;
    size_t front = 0;
    HeapQueue late;
    size_t num_late = 0;

    bool empty() const { return front == in_order.size() && num_late == 0; }
    void push(WaitingMerge merge) {
      if (in_order.empty() || !(in_order.back() > merge)) {
        in_order.push_back(merge);
      } else {
        late.push(merge);
        ++num_late;
        return;
      }
    }
    WaitingMerge pop() {
      if (num_late == 0) return in_order[front++];
      const WaitingMerge first_late = *late.pop();
      if (front < in_order.size() && first_late > in_order[front]) {
        late.push(first_late);
        return in_order[front++];
      }
      --num_late;
      return first_late;
    }
  };

  std::unordered_map<uint32_t, Bucket> buckets_;
  std::vector<uint32_t> ranks_;
};

/// Merges neighbours until no pair is known. lookup(left, right) gives an optional Merge.
/// Time O(n log n) with HeapQueue, near O(n) with BucketQueue; both give the same list.
template <class Queue, class Lookup>
void merge_with(std::span<Symbol> symbols, const Lookup& lookup) {
  Queue queue;
  const auto at = [&](int32_t i) -> Symbol& { return symbols[static_cast<size_t>(i)]; };
  const auto offer = [&](int32_t i) {
    if (i < 0) return;
    Symbol& left = at(i);
    left.merge = -1;
    if (left.next < 0) return;
    const std::optional<Merge> merge = lookup(left, at(left.next));
    if (!merge) return;
    left.merge = merge->id;
    queue.push({merge->rank, i, merge->id});
  };
  for (size_t i = 0; i < symbols.size(); ++i) offer(static_cast<int32_t>(i));
  while (const auto top = queue.pop()) {
    Symbol& left = at(top->position);
    if (left.size == 0 || left.merge != top->id) continue;  // changed since it was queued
    Symbol& right = at(left.next);
    left.id = top->id;
    left.size += right.size;
    right.size = 0;
    left.next = right.next;
    if (left.next >= 0) at(left.next).prev = top->position;
    offer(left.prev);
    offer(top->position);
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

/// Links symbols [0, n) into one list.
inline void link_symbols(std::span<Symbol> symbols) {
  for (size_t i = 0; i < symbols.size(); ++i) {
    symbols[i].prev = static_cast<int32_t>(i) - 1;
    symbols[i].next = i + 1 < symbols.size() ? static_cast<int32_t>(i) + 1 : -1;
  }
}

}  // namespace flamingo
