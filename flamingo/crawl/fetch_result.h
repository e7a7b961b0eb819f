#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "flamingo/core/config.h"

namespace flamingo::crawl {

/// How asking for a picture ended.
enum class FetchReason {
  kOk,
  kBadUrl,             ///< not a plain http(s) address, here or in a redirect
  kRefused,            ///< address, port or path that may not be opened; nothing was dialled
  kRobots,             ///< robots.txt forbids it
  kRobotsUnreachable,  ///< robots.txt could not be read, which forbids all (RFC 9309, 2.3.1.4)
  kUseForbidden,       ///< X-Robots-Tag keeps it out of training data
  kDns,                ///< the host has no address
  kConnect,
  kTls,
  kTimeout,
  kCutOff,       ///< the connection ended before the answer did
  kBadReply,     ///< not HTTP, or headers over their limit
  kBadEncoding,  ///< a content coding that cannot be undone
  kTooLarge,
  kEmpty,
  kWrongType,
  kRedirects,  ///< too many
  kNotFound,   ///< status 404 or 410, no such file
  kRateLimited,
  kServerError,
  kHttpStatus,  ///< any other status than 200
};

constexpr std::array<std::pair<FetchReason, const char*>, 21> enum_table(FetchReason) {
  using enum FetchReason;
  return {{{kOk, "ok"},
           {kBadUrl, "bad_url"},
           {kRefused, "refused"},
           {kRobots, "robots"},
           {kRobotsUnreachable, "robots_unreachable"},
           {kUseForbidden, "use_forbidden"},
           {kDns, "dns"},
           {kConnect, "connect"},
           {kTls, "tls"},
           {kTimeout, "timeout"},
           {kCutOff, "cut_off"},
           {kBadReply, "bad_reply"},
           {kBadEncoding, "bad_encoding"},
           {kTooLarge, "too_large"},
           {kEmpty, "empty"},
           {kWrongType, "wrong_type"},
           {kRedirects, "redirects"},
           {kNotFound, "not_found"},
           {kRateLimited, "rate_limited"},
           {kServerError, "server_error"},
           {kHttpStatus, "http_status"}}};
}

/// What an HTTP status means for a picture that was asked for; kOk for 200 alone. Redirects, whose
/// place to go the headers tell, are kHttpStatus here.
FetchReason reason_of_status(int status);

/// Whether asking again later may end better.
bool is_transient(FetchReason reason);

/// One picture that was asked for.
struct FetchResult {
  std::string url;           ///< as it was asked for
  std::string final_url;     ///< after all redirects, or the one that was not followed
  int status = 0;            ///< of HTTP; 0: no answer
  std::string content_type;  ///< lower case, without parameters; may be empty
  std::string bytes;         ///< the body, content encoding undone; empty unless ok()
  FetchReason reason = FetchReason::kOk;
  int attempts = 0;         ///< times it was asked for over the network, hops not counted
  bool from_cache = false;  ///< answered without asking the network

  bool ok() const { return reason == FetchReason::kOk; }
};

/// The survival report of a crawl: how often asking ended how.
class FetchCounts {
 public:
  void add(const FetchResult& result);

  int64_t of(FetchReason reason) const { return by_reason_[static_cast<size_t>(reason)]; }
  int64_t total() const;
  int64_t from_cache() const { return from_cache_; }
  uint64_t bytes() const { return bytes_; }  ///< of the pictures that came

  /// {"total", "from_cache", "bytes", "reasons": {name: count}}; reasons that did not occur are
  /// left out.
  Json to_json() const;

 private:
  std::array<int64_t, enum_table(FetchReason{}).size()> by_reason_ = {};
  int64_t from_cache_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace flamingo::crawl
