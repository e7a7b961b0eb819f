#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "flamingo/crawl/http_message.h"
#include "flamingo/crawl/warc.h"

namespace flamingo {

/// The HTTP answer in a WARC record, where it is a response with status 200 whose body can be
/// decoded; nothing otherwise.
std::optional<HttpMessage> read_answer(const WarcRecord& record);

/// The pictures met while a WARC file's pages are read, so that it need not be read again.
class WarcPictureStore {
 public:
  /// Bytes of pictures that are kept; what comes after them has to be looked for again.
  static constexpr uint64_t kMaxBytes = 1ull << 30;

  /// Keeps a picture's answer under its address, the first one of each.
  void add(const std::string& url, HttpMessage answer);
  /// The answer for this address, in normal form or not; or null.
  const HttpMessage* find(const std::string& url) const;
  /// Whether everything that was added is kept.
  bool complete() const { return complete_; }

 private:
  std::unordered_map<std::string, HttpMessage> answers_;  ///< by normal address
  uint64_t bytes_ = 0;
  bool complete_ = true;
};

}  // namespace flamingo
