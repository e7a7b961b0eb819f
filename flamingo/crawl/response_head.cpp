#include "flamingo/crawl/response_head.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "flamingo/core/ascii.h"

namespace flamingo::crawl {
namespace {

template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool ResponseHead::add_line(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kMaxBytes) return false;
  line = ascii_trim(line);
  if (line.starts_with("HTTP/")) {
    start(line);
  } else if (complete_) {
    return true;
  } else if (line.empty()) {
    complete_ = status_ >= 200;
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    add_header(line.substr(0, colon), ascii_trim(line.substr(colon + 1)));
  }
  return true;
}

void ResponseHead::start(std::string_view status_line) {
  const size_t bytes = bytes_;
  *this = {};
  bytes_ = bytes;
  const size_t space = std::min(status_line.find(' '), status_line.size());
  status_ = parse_whole<int>(ascii_trim(status_line.substr(space)).substr(0, 3)).value_or(0);
}

void ResponseHead::add_header(std::string_view name, std::string_view value) {
  if (ascii_iequal(name, "content-type")) {
    content_type_ = ascii_lower(ascii_trim(value.substr(0, value.find(';'))));
  } else if (ascii_iequal(name, "content-length")) {
    content_length_ = parse_whole<uint64_t>(value);
  } else if (ascii_iequal(name, "location")) {
    location_ = value;
  } else if (ascii_iequal(name, "retry-after")) {
    retry_after_ = value;
  } else if (ascii_iequal(name, "x-robots-tag")) {
    robots_tags_.emplace_back(value);
  }
}

std::optional<double> ResponseHead::retry_after(int64_t now) const {
  if (const auto seconds = parse_whole<uint32_t>(retry_after_)) return *seconds;
  const time_t date = ::curl_getdate(retry_after_.c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return static_cast<double>(std::max<int64_t>(date - now, 0));
}

bool ResponseHead::is_redirect() const {
  const bool moved = (status_ >= 301 && status_ <= 303) || status_ == 307 || status_ == 308;
  return moved && !location_.empty();
}

}  // namespace flamingo::crawl
