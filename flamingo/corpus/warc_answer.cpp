#include "flamingo/corpus/warc_answer.h"

#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/html/url.h"

namespace flamingo {

std::optional<HttpMessage> read_answer(const WarcRecord& record) {
  if (record.type != "response" || record.target_uri.empty()) return std::nullopt;
  try {
    HttpMessage answer = parse_http_response(record.block, record.target_uri);
    if (answer.status != 200 || answer.truncated) return std::nullopt;
    return answer;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void WarcPictureStore::add(const std::string& url, HttpMessage answer) {
  if (bytes_ + answer.body.size() > kMaxBytes) {
    complete_ = false;
    return;
  }
  const uint64_t size = answer.body.size();
  if (answers_.emplace(normalise_url(url), std::move(answer)).second) bytes_ += size;
}

const HttpMessage* WarcPictureStore::find(const std::string& url) const {
  const auto it = answers_.find(normalise_url(url));
  return it == answers_.end() ? nullptr : &it->second;
}

}  // namespace flamingo
