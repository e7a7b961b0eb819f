#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace flamingo {

/// Memory for large buffers that come and go. A request takes the smallest free block that holds
/// it, a freed block joins its free neighbours, and nothing goes back to the system before the pool
/// ends: it need not be cleared page by page for the next buffer, and no small value that stays
/// lies between. Any thread may use it.
class BlockPool {
 public:
  BlockPool() = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// Memory for so many bytes, aligned to kAlignment. Throws std::bad_alloc where there is none.
  void* allocate(size_t bytes);
  /// Takes back what allocate() gave.
  void free(void* memory);

  /// Whether memory is in the pool.
  bool owns(const void* memory) const;

  size_t reserved() const;  ///< bytes taken from the system
  size_t used() const;      ///< bytes of blocks that are not free

  static constexpr size_t kAlignment = 64;

 private:
  /// A stretch of a segment, all of it in use or free.
  struct Block {
    size_t size = 0;
    bool is_free = false;
    bool is_first = false;  ///< of its segment, which is taken from the system at once
  };
  using Blocks = std::map<std::byte*, Block>;

  Blocks::iterator add_segment(size_t size);
  void take(Blocks::iterator block, size_t size);
  Blocks::iterator join(Blocks::iterator left, Blocks::iterator right);

  mutable std::mutex mutex_;
  Blocks blocks_;  ///< by address
  std::set<std::pair<size_t, std::byte*>> free_;
  std::map<const std::byte*, size_t> segments_;  ///< by address, their sizes
  size_t reserved_ = 0;
  size_t used_ = 0;
};

}  // namespace flamingo
