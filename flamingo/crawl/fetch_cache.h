#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "flamingo/crawl/fetch_result.h"

namespace flamingo::crawl {

/// How long a cache remembers failures.
struct FetchCacheOptions {
  int64_t transient_seconds = 3'600;
  int64_t final_seconds = 30 * 86'400;
  uint64_t max_bytes = 64 << 20;

  template <class Visitor>
  void visit(Visitor& v) {
    v("transient_seconds", transient_seconds,
      "seconds until a failure of name, connection or server is asked for again");
    v("final_seconds", final_seconds, "seconds until any other failure is asked for again");
    v("max_bytes", max_bytes, "bytes of an entry; larger ones are not read");
  }
};

/// Answers on disk, so that a job that was stopped asks only for what is missing. An entry is one
/// file, FOLDER/ab/cd/abcd..., named by the SHA-256 of its URL:
///
///   64 hex digits: SHA-256 of all that follows the line end
///   one line of JSON: url, final_url, status, content_type, reason, attempts, time (Unix seconds)
///   the bytes of the picture
///
/// An entry that is cut, changed, or of another URL counts as missing, and so does a failure whose
/// time is over. Several processes may use one folder; the last to store wins.
class FetchCache {
 public:
  /// now: Unix seconds; empty for the system's clock. Throws Error when the folder cannot be made.
  explicit FetchCache(std::string folder, FetchCacheOptions options = {},
                      std::function<int64_t()> now = {});

  /// The answer for this URL, from_cache set; nothing when it must be asked for.
  std::optional<FetchResult> find(const std::string& url) const;

  /// Keeps an answer, success or failure. Throws Error when the disk does not take it.
  void store(const FetchResult& result) const;

  /// Where the entry of this URL is or would be.
  std::string path(const std::string& url) const;

 private:
  bool is_due(FetchReason reason, int64_t stored) const;

  std::string folder_;
  FetchCacheOptions options_;
  std::function<int64_t()> now_;
};

}  // namespace flamingo::crawl
