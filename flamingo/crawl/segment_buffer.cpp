#include "flamingo/crawl/segment_buffer.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace flamingo::crawl {
namespace {

constexpr size_t kSegmentChunk = 64 << 10;
constexpr size_t kMaxStarts = 16;

}  // namespace

/// Room for one chunk after the buffered bytes. They move to the front only when at least as many
/// were skipped, which keeps the cost of moving linear.
void SegmentBuffer::make_room() {
  if (storage_.size() - end_ >= kSegmentChunk) return;
  const size_t buffered = end_ - begin_;
  if (begin_ >= buffered && begin_ >= kSegmentChunk) {
    std::memmove(storage_.data(), storage_.data() + begin_, buffered);
    begin_ = 0;
    end_ = buffered;
  } else {
    storage_.resize(std::max(2 * storage_.size(), end_ + kSegmentChunk));
  }
}

void SegmentBuffer::fill() {
  make_room();
  try {
    const size_t size = stream_->read(std::span(storage_).subspan(end_));
    if (size > 0 && stream_->member() != member_) {
      member_ = stream_->member();
      starts_.push_back(consumed_ + (end_ - begin_));
      if (starts_.size() > kMaxStarts) starts_.pop_front();
    }
    end_ += size;
    ended_ = size == 0;
  } catch (const StreamDamage& damage) {
    ended_ = true;
    damaged_ = true;
    damaged_output_ = damage.member_output;
  }
}

std::string_view SegmentBuffer::peek(size_t size) {
  while (end_ - begin_ < size && !ended_) fill();
  return {reinterpret_cast<const char*>(storage_.data()) + begin_, end_ - begin_};
}

void SegmentBuffer::skip(size_t size) {
  begin_ += size;
  consumed_ += size;
}

bool SegmentBuffer::member_begins(size_t from, size_t to) const {
  return std::any_of(starts_.begin(), starts_.end(), [&](uint64_t start) {
    return start >= consumed_ + from && start <= consumed_ + to;
  });
}

size_t SegmentBuffer::until_member() const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), consumed_);
  return next == starts_.end() ? end_ - begin_ : static_cast<size_t>(*next - consumed_);
}

bool SegmentBuffer::trusted(size_t size) const {
  return !damaged_ || size + damaged_output_ <= end_ - begin_;
}

bool SegmentBuffer::next_segment() {
  if (!damaged_) return false;
  skip(end_ - begin_);
  ended_ = false;
  damaged_ = false;
  return stream_->resync();
}

}  // namespace flamingo::crawl
