#include "flamingo/core/block_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <new>

namespace flamingo {
namespace {

constexpr size_t kSegment = 32 << 20;    // the least that is taken from the system
constexpr size_t kHugePage = 2 << 20;    // what the system may map at once
constexpr size_t kLeastRest = 64 << 10;  // a smaller one stays with its block

/// Room for `bytes`; neighbours do not begin at the same place of their pages.
size_t block_size(size_t bytes) {
  constexpr size_t kStep = BlockPool::kAlignment;
  if (bytes > std::numeric_limits<size_t>::max() / 2) throw std::bad_alloc();
  return (bytes + kStep - 1) / kStep * kStep + kStep;
}

}  // namespace

BlockPool::~BlockPool() {
  for (const auto& [at, size] : segments_) ::munmap(const_cast<std::byte*>(at), size);
}

void* BlockPool::allocate(size_t bytes) {
  const size_t size = block_size(bytes);
  const std::lock_guard lock(mutex_);
  const auto fitting = free_.lower_bound({size, nullptr});
  const auto block = fitting != free_.end() ? blocks_.find(fitting->second) : add_segment(size);
  take(block, size);
  return block->first;
}

BlockPool::Blocks::iterator BlockPool::add_segment(size_t size) {
  const size_t whole = (std::max(size, kSegment) + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::madvise(memory, whole, MADV_HUGEPAGE);  // fewer page faults; a wish, so that failing is no harm
  auto* at = static_cast<std::byte*>(memory);
  segments_[at] = whole;
  reserved_ += whole;
  free_.insert({whole, at});
  return blocks_.insert({at, {whole, true, true}}).first;
}

void BlockPool::take(Blocks::iterator block, size_t size) {
  auto& [at, info] = *block;
  free_.erase({info.size, at});
  info.is_free = false;
  if (info.size >= size + kLeastRest) {
    const size_t rest = info.size - size;
    blocks_.insert({at + size, {rest, true, false}});
    free_.insert({rest, at + size});
    info.size = size;
  }
  used_ += info.size;
}

BlockPool::Blocks::iterator BlockPool::join(Blocks::iterator left, Blocks::iterator right) {
  for (const auto& side : {left, right}) free_.erase({side->second.size, side->first});
  left->second.size += right->second.size;
  blocks_.erase(right);
  free_.insert({left->second.size, left->first});
  return left;
}

void BlockPool::free(void* memory) {
  const std::lock_guard lock(mutex_);
  auto block = blocks_.find(static_cast<std::byte*>(memory));
  block->second.is_free = true;
  used_ -= block->second.size;
  free_.insert({block->second.size, block->first});
  const auto next = std::next(block);
  if (next != blocks_.end() && next->second.is_free && !next->second.is_first) join(block, next);
  if (block->second.is_first) return;
  const auto previous = std::prev(block);
  if (previous->second.is_free) join(previous, block);
}

bool BlockPool::owns(const void* memory) const {
  const std::lock_guard lock(mutex_);
  const auto* at = static_cast<const std::byte*>(memory);
  const auto after = segments_.upper_bound(at);
  if (after == segments_.begin()) return false;
  const auto& [begin, size] = *std::prev(after);
  return at < begin + size;
}

size_t BlockPool::reserved() const {
  const std::lock_guard lock(mutex_);
  return reserved_;
}

size_t BlockPool::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace flamingo
