#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::crawl {

/// How pictures are asked for over the network. All times are in seconds.
struct FetchOptions {
  std::string user_agent = "flamingo-crawler/0.1";
  int64_t concurrency = 64;
  int64_t host_concurrency = 2;
  double host_delay = 0.1;
  double max_crawl_delay = 5;
  double connect_seconds = 3;
  double total_seconds = 10;
  uint64_t max_bytes = 20 << 20;
  int64_t max_redirects = 3;
  int64_t retries = 2;
  double backoff_seconds = 0.5;
  double max_retry_seconds = 30;
  bool respect_robots = true;
  std::vector<std::string> forbidden_uses = {"noindex", "noimageindex", "noai", "noimageai",
                                             "none"};
  std::vector<std::string> allowed_types = {"image/*", "application/octet-stream",
                                            "binary/octet-stream", ""};
  std::vector<uint16_t> ports = {80, 443};
  std::vector<std::string> allowed_addresses;

  template <class Visitor>
  void visit(Visitor& v) {
    v("user_agent", user_agent, "User-Agent; its first word is the name robots.txt knows us by");
    v("concurrency", concurrency, "requests at a time");
    v("host_concurrency", host_concurrency, "requests to one site at a time");
    v("host_delay", host_delay, "seconds between two requests to one site");
    v("max_crawl_delay", max_crawl_delay, "seconds; a site's Crawl-delay counts up to this");
    v("connect_seconds", connect_seconds, "seconds until a connection must stand");
    v("total_seconds", total_seconds, "seconds for one attempt with all its redirects");
    v("max_bytes", max_bytes, "bytes of a picture, before and after decompression");
    v("max_redirects", max_redirects, "redirects followed");
    v("retries", retries, "times to ask again after 5xx, 429, a timeout or a lost connection");
    v("backoff_seconds", backoff_seconds, "seconds before the first retry, doubled for each next");
    v("max_retry_seconds", max_retry_seconds, "most seconds before a retry, Retry-After included");
    v("respect_robots", respect_robots, "ask each site's robots.txt first");
    v("forbidden_uses", forbidden_uses, "X-Robots-Tag directives that drop a picture");
    v("allowed_types", allowed_types, "MIME types that pass, image/* for a family, \"\" for none");
    v("ports", ports, "TCP ports on public addresses");
    v("allowed_addresses", allowed_addresses,
      "addresses opened beyond the public internet: ADDRESS[/BITS][:PORT]");
  }

  /// Throws Error naming the first value that makes no sense.
  void validate() const;

  /// Whether a body of this type (lower case, without parameters) is wanted.
  bool allows_type(std::string_view type) const;

  /// Seconds to wait after the attempt-th try failed (from 1): exponential, or what the site asked
  /// for when that is longer; at most max_retry_seconds.
  double retry_delay(int attempt, std::optional<double> retry_after) const;
};

}  // namespace flamingo::crawl
