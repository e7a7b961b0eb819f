#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flamingo/crawl/address_rules.h"
#include "flamingo/crawl/fetch_options.h"
#include "flamingo/crawl/fetch_result.h"
#include "flamingo/crawl/response_head.h"
#include "flamingo/crawl/use_policy.h"
#include "flamingo/crawl/web_address.h"

namespace flamingo::crawl {

/// Told of every connection before it is made; false: it is not made (and counts as failed).
using DialHook = std::function<bool(const url::IpAddress& address, uint16_t port)>;

/// What all transfers of a fetcher share; must outlive them.
struct TransferContext {
  FetchOptions options;
  AddressRules rules;
  UsePolicy policy;
  DialHook dial;  ///< may be empty
};

/// One request: a single hop, to an address that was looked up and checked before.
struct TransferRequest {
  WebAddress address;
  url::IpAddress dial;         ///< the connection goes here and nowhere else
  double seconds = 0;          ///< until it must be over
  bool is_robots_txt = false;  ///< any type and use passes; what is too long is cut
};

/// How a transfer ended.
struct TransferOutcome {
  FetchReason reason = FetchReason::kOk;  ///< kRedirects when `location` is to be followed
  int status = 0;
  std::string content_type;
  std::string location;
  std::optional<double> retry_after;  ///< seconds
  std::string bytes;                  ///< only for kOk
};

/// A libcurl handle for one request: http and https only, no proxy, no cookies, no credentials,
/// no redirects, and one address to dial. Limits hold while bytes come in.
class Transfer {
 public:
  Transfer(const TransferContext& context, TransferRequest request);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return curl_.get(); }
  /// The result, once libcurl is done with the handle. Throws what a hook threw.
  TransferOutcome finish(CURLcode code);

 private:
  /// Gives libcurl's objects back to it.
  struct Cleanup {
    void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
  };

  template <class Value>
  void set(CURLoption option, Value value);
  void set_up_request();
  void set_up_limits();
  void set_up_callbacks();

  bool take_header(std::string_view line);
  bool take_body(std::string_view bytes);
  void stop_as_too_long();
  curl_socket_t open_socket(const curl_sockaddr& address);
  void judge_head();
  uint64_t max_bytes() const;
  FetchReason reason_of(CURLcode code) const;

  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t);
  static curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* address);

  const TransferContext& context_;
  TransferRequest request_;
  std::unique_ptr<CURL, Cleanup> curl_;
  std::unique_ptr<curl_slist, Cleanup> headers_;
  std::unique_ptr<curl_slist, Cleanup> connect_to_;
  ResponseHead head_;
  std::optional<FetchReason> verdict_;  ///< known before the end, and final
  bool cut_ = false;                    ///< a robots.txt longer than its limit
  uint64_t discarded_ = 0;              ///< bytes of a body that is not wanted
  std::string body_;
  std::exception_ptr failure_;
};

}  // namespace flamingo::crawl
