#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::crawl {

/// Status and headers of one HTTP answer, as its lines come in; interim answers (1xx) give way to
/// the final one, and headers after the body are not read.
class ResponseHead {
 public:
  static constexpr size_t kMaxBytes = 64 << 10;

  /// Takes a line with or without its line end. False: all lines together are over kMaxBytes.
  bool add_line(std::string_view line);

  /// Whether the head of the final answer is whole.
  bool complete() const { return complete_; }
  int status() const { return status_; }
  /// Lower case, without parameters.
  const std::string& content_type() const { return content_type_; }
  /// Redirects lead here; empty: nowhere.
  const std::string& location() const { return location_; }
  std::optional<uint64_t> content_length() const { return content_length_; }
  const std::vector<std::string>& robots_tags() const { return robots_tags_; }
  /// Seconds that the site asks to wait, from `now` (Unix time) where it names a date.
  std::optional<double> retry_after(int64_t now) const;
  /// 301, 302, 303, 307 or 308 with a place to go.
  bool is_redirect() const;

 private:
  void start(std::string_view status_line);
  void add_header(std::string_view name, std::string_view value);

  size_t bytes_ = 0;
  bool complete_ = false;
  int status_ = 0;
  std::string content_type_;
  std::string location_;
  std::string retry_after_;
  std::optional<uint64_t> content_length_;
  std::vector<std::string> robots_tags_;
};

}  // namespace flamingo::crawl
