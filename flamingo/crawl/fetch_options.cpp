#include "flamingo/crawl/fetch_options.h"

#include <algorithm>
#include <cmath>

#include "flamingo/core/ascii.h"
#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/crawl/robots.h"

namespace flamingo::crawl {

void FetchOptions::validate() const {
  constexpr const char* kWhere = "fetch options";
  constexpr double kMaxSeconds = 86'400;
  require(!product_token(user_agent).empty() &&
              std::all_of(user_agent.begin(), user_agent.end(),
                          [](char c) { return c == ' ' || is_ascii_graphic(c); }),
          kWhere, "expected a user_agent that begins with a name, got \"{}\"", user_agent);
  require_within(kWhere, "concurrency", concurrency, 1, 10'000);
  require_within(kWhere, "host_concurrency", host_concurrency, 1, 10'000);
  require_within(kWhere, "host_delay", host_delay, 0.0, kMaxSeconds);
  require_within(kWhere, "max_crawl_delay", max_crawl_delay, 0.0, kMaxSeconds);
  require_within(kWhere, "connect_seconds", connect_seconds, 0.001, kMaxSeconds);
  require_within(kWhere, "total_seconds", total_seconds, 0.001, kMaxSeconds);
  require(max_bytes >= 1 && max_bytes <= uint64_t{1} << 32, kWhere,
          "expected max_bytes in [1, 2^32], got {}", max_bytes);
  require_within(kWhere, "max_redirects", max_redirects, 0, 100);
  require_within(kWhere, "retries", retries, 0, 100);
  require_within(kWhere, "backoff_seconds", backoff_seconds, 0.0, kMaxSeconds);
  require_within(kWhere, "max_retry_seconds", max_retry_seconds, 0.0, kMaxSeconds);
}

bool FetchOptions::allows_type(std::string_view type) const {
  return std::any_of(allowed_types.begin(), allowed_types.end(), [&](std::string_view allowed) {
    const bool family = allowed.ends_with("/*");
    return family ? type.starts_with(allowed.substr(0, allowed.size() - 1)) : type == allowed;
  });
}

double FetchOptions::retry_delay(int attempt, std::optional<double> retry_after) const {
  const double backoff = std::ldexp(backoff_seconds, attempt - 1);
  return std::min(std::max(backoff, retry_after.value_or(0)), max_retry_seconds);
}

}  // namespace flamingo::crawl
