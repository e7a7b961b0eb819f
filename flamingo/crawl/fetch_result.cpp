#include "flamingo/crawl/fetch_result.h"

#include <numeric>

namespace flamingo::crawl {

FetchReason reason_of_status(int status) {
  using enum FetchReason;
  if (status == 404 || status == 410) return kNotFound;
  if (status == 429) return kRateLimited;
  if (status >= 500) return kServerError;
  return status == 200 ? kOk : kHttpStatus;
}

bool is_transient(FetchReason reason) {
  using enum FetchReason;
  switch (reason) {
    case kConnect:
    case kTimeout:
    case kCutOff:
    case kRateLimited:
    case kServerError:
      return true;
    default:
      return false;
  }
}

void FetchCounts::add(const FetchResult& result) {
  ++by_reason_[static_cast<size_t>(result.reason)];
  from_cache_ += result.from_cache ? 1 : 0;
  bytes_ += result.bytes.size();
}

int64_t FetchCounts::total() const {
  return std::accumulate(by_reason_.begin(), by_reason_.end(), int64_t{0});
}

Json FetchCounts::to_json() const {
  Json reasons = Json::object();
  for (const auto& [reason, name] : enum_table(FetchReason{})) {
    if (of(reason) > 0) reasons[name] = of(reason);
  }
  return {{"total", total()}, {"from_cache", from_cache_}, {"bytes", bytes_}, {"reasons", reasons}};
}

}  // namespace flamingo::crawl
