#include "flamingo/generate/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace flamingo::generate {

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

size_t StopMatcher::open_tail() const {
  size_t longest = 0;
  for (const auto& stop : stops_) {
    for (size_t n = std::min(stop.size() - 1, held_.size()); n > longest; --n) {
      if (held_.compare(held_.size() - n, n, stop, 0, n) == 0) longest = n;
    }
  }
  return longest;
}

std::string StopMatcher::push(std::string_view piece) {
  if (stopped_) return {};
  held_ += piece;
  size_t first = std::string::npos;
  for (const auto& stop : stops_) first = std::min(first, held_.find(stop));
  stopped_ = first != std::string::npos;
  const size_t shown = stopped_ ? first : held_.size() - open_tail();
  std::string text = held_.substr(0, shown);
  held_.erase(0, stopped_ ? held_.size() : shown);
  return text;
}

std::string StopMatcher::finish() { return std::exchange(held_, {}); }

}  // namespace flamingo::generate
