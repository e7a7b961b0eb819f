#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace flamingo::corpus {

/// A slot that holds a key alone.
struct KeySlot {
  uint64_t key = 0;
};

/// A slot that holds how often its key came.
struct CountSlot {
  uint64_t key = 0;
  uint32_t count = 0;
};

/// A hash table of 64-bit keys that are hashes already (open addressing, linear probing). It is
/// three quarters full at most and doubles when it must: 11 to 21 bytes a key of KeySlot, and half
/// as much again while it doubles. Key 0 is kept as key 1.
template <class Slot>
class KeyTable {
 public:
  /// Makes room for `keys` keys.
  void reserve(size_t keys) {
    size_t slots = kFewest;
    while (slots / 4 * 3 < keys) slots *= 2;
    if (slots > slots_.size()) rehash(slots);
  }

  /// The slot of `key`, and whether it is new. Valid until the next insert.
  std::pair<Slot*, bool> insert(uint64_t key) {
    if (used_ >= slots_.size() / 4 * 3) reserve(used_ + 1);
    Slot& slot = slots_[place_of(key)];
    const bool is_new = slot.key == 0;
    slot.key = stored(key);
    used_ += is_new;
    return {&slot, is_new};
  }

  bool contains(uint64_t key) const { return find(key) != nullptr; }

  /// The slot of `key`, or null. Valid until the next insert.
  const Slot* find(uint64_t key) const {
    if (used_ == 0) return nullptr;
    const Slot& slot = slots_[place_of(key)];
    return slot.key == 0 ? nullptr : &slot;
  }

  size_t size() const { return used_; }

 private:
  static constexpr size_t kFewest = 16;

  static uint64_t stored(uint64_t key) { return key == 0 ? 1 : key; }

  /// Where `key` is or, if it is not here, would stand.
  size_t place_of(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t place = static_cast<size_t>((stored(key) * 0x9e3779b97f4a7c15ull) >> 20) & mask;
    while (slots_[place].key != 0 && slots_[place].key != stored(key)) place = (place + 1) & mask;
    return place;
  }

  void rehash(size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.key != 0) slots_[place_of(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;
  size_t used_ = 0;
};

/// Keys alone, and keys with how often each was added.
using KeySet = KeyTable<KeySlot>;
using KeyCounter = KeyTable<CountSlot>;

}  // namespace flamingo::corpus
