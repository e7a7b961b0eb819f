#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "flamingo/text/merge.h"

namespace flamingo::text {

/// What a pair of tokens merges into: a hash table with open addressing, several times faster than
/// std::unordered_map on the lookups that encoding consists of.
class PairTable {
 public:
  /// Room for `capacity` pairs; more make it grow.
  explicit PairTable(size_t capacity = 0) {
    size_t size = 16;
    while (size < 2 * capacity) size *= 2;
    slots_.resize(size);
  }

  /// Adds or replaces; ids are >= 0.
  void set(int32_t left, int32_t right, Merge merge) {
    Slot* slot = &slots_[position(left, right)];
    if (slot->left < 0 && ++num_pairs_ > slots_.size() / 2) {
      grow();
      slot = &slots_[position(left, right)];
    }
    *slot = {left, right, merge};
  }

  std::optional<Merge> find(int32_t left, int32_t right) const {
    const Slot& slot = slots_[position(left, right)];
    if (slot.left < 0) return std::nullopt;
    return slot.merge;
  }

 private:
  /// A pair and what it becomes, or a free place.
  struct Slot {
    int32_t left = -1;  ///< -1 in a free slot
    int32_t right = -1;
    Merge merge;
  };

  /// The pair's slot, or the free one where it would go.
  size_t position(int32_t left, int32_t right) const {
    const uint64_t key = uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
    size_t at = static_cast<size_t>((key * 0x9e3779b97f4a7c15u) >> 32) & (slots_.size() - 1);
    while (slots_[at].left >= 0 && (slots_[at].left != left || slots_[at].right != right)) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return at;
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.left >= 0) slots_[position(slot.left, slot.right)] = slot;
    }
  }

  std::vector<Slot> slots_;
  size_t num_pairs_ = 0;
};

}  // namespace flamingo::text
