#include "flamingo/crawl/transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::crawl {
namespace {

constexpr uint64_t kMaxRobotsAnswerBytes = 512 << 10;
/// A body that is not wanted is read this far, to keep the connection; then it is cut.
constexpr uint64_t kMaxDiscardedBytes = 64 << 10;
/// Below this a body grows by doubling, above it space for the longest body is reserved once:
/// pages that are never written cost nothing, a copy of 20 MiB would.
constexpr size_t kSmallBody = 1 << 20;
constexpr const char* kWhere = "fetcher";

/// Why a fetch fails when libcurl says so; for every other code its bytes were cut off.
struct CurlFailure {
  CURLcode code;
  FetchReason reason;
};

constexpr auto kFailures = std::to_array<CurlFailure>({
    {CURLE_COULDNT_CONNECT, FetchReason::kConnect},
    {CURLE_OPERATION_TIMEDOUT, FetchReason::kTimeout},
    {CURLE_SSL_CONNECT_ERROR, FetchReason::kTls},
    {CURLE_SSL_CERTPROBLEM, FetchReason::kTls},
    {CURLE_SSL_CIPHER, FetchReason::kTls},
    {CURLE_SSL_ISSUER_ERROR, FetchReason::kTls},
    {CURLE_SSL_INVALIDCERTSTATUS, FetchReason::kTls},
    {CURLE_PEER_FAILED_VERIFICATION, FetchReason::kTls},
    {CURLE_BAD_CONTENT_ENCODING, FetchReason::kBadEncoding},
    {CURLE_UNSUPPORTED_PROTOCOL, FetchReason::kBadReply},  // HTTP/0.9
    {CURLE_WEIRD_SERVER_REPLY, FetchReason::kBadReply},
    {CURLE_OUT_OF_MEMORY, FetchReason::kBadReply},  // a header line over libcurl's own limit
});

std::string connect_to_text(const url::IpAddress& address, uint16_t port) {
  const std::string host = address.is_v6 ? "[" + address.text() + "]" : address.text();
  return "::" + host + ":" + std::to_string(port);
}

curl_slist* make_list(const std::string& line) {
  curl_slist* list = ::curl_slist_append(nullptr, line.c_str());
  require(list != nullptr, kWhere, "expected memory for a request, got none");
  return list;
}

}  // namespace

Transfer::Transfer(const TransferContext& context, TransferRequest request)
    : context_(context), request_(std::move(request)), curl_(::curl_easy_init()) {
  require(curl_ != nullptr, kWhere, "expected a libcurl handle, got none");
  set_up_request();
  set_up_limits();
  set_up_callbacks();
}

template <class Value>
void Transfer::set(CURLoption option, Value value) {
  const CURLcode code = ::curl_easy_setopt(curl_.get(), option, value);
  if (code != CURLE_OK) {
    fail(kWhere, "expected libcurl to take option {}, got {}", static_cast<int>(option),
         ::curl_easy_strerror(code));
  }
}

void Transfer::set_up_request() {
  set(CURLOPT_URL, request_.address.text().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // not the environment's either
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_USERAGENT, context_.options.user_agent.c_str());
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  headers_.reset(make_list("Accept: image/*,*/*;q=0.5"));
  set(CURLOPT_HTTPHEADER, headers_.get());
  connect_to_.reset(make_list(connect_to_text(request_.dial, request_.address.port)));
  set(CURLOPT_CONNECT_TO, connect_to_.get());
}

void Transfer::set_up_limits() {
  const auto milliseconds = [](double seconds) {
    return std::max(1L, std::lround(seconds * 1000));
  };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS,
      milliseconds(std::min(context_.options.connect_seconds, request_.seconds)));
  set(CURLOPT_TIMEOUT_MS, milliseconds(request_.seconds));
}

void Transfer::set_up_callbacks() {
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
}

uint64_t Transfer::max_bytes() const {
  return request_.is_robots_txt ? kMaxRobotsAnswerBytes : context_.options.max_bytes;
}

void Transfer::judge_head() {
  FetchReason reason =
      head_.is_redirect() ? FetchReason::kRedirects : reason_of_status(head_.status());
  if (reason == FetchReason::kOk && !request_.is_robots_txt) {
    const auto& tags = head_.robots_tags();
    const bool forbidden = std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) {
      return context_.policy.header_forbids(tag);
    });
    if (forbidden) {
      reason = FetchReason::kUseForbidden;
    } else if (!context_.options.allows_type(head_.content_type())) {
      reason = FetchReason::kWrongType;
    } else if (head_.content_length().value_or(0) > max_bytes()) {
      reason = FetchReason::kTooLarge;
    }
  }
  if (reason != FetchReason::kOk) verdict_ = reason;
}

bool Transfer::take_header(std::string_view line) {
  if (!head_.add_line(line)) {
    verdict_ = FetchReason::kBadReply;
    return false;
  }
  if (head_.complete() && !verdict_) judge_head();
  return !verdict_ || head_.content_length().value_or(0) <= kMaxDiscardedBytes;
}

bool Transfer::take_body(std::string_view bytes) {
  if (verdict_) {
    discarded_ += bytes.size();
    return discarded_ <= kMaxDiscardedBytes;
  }
  if (bytes.size() > max_bytes() - body_.size()) {
    stop_as_too_long();
    return false;
  }
  if (body_.size() + bytes.size() > kSmallBody) body_.reserve(max_bytes());
  body_.append(bytes);
  return true;
}

void Transfer::stop_as_too_long() {
  if (request_.is_robots_txt) {
    cut_ = true;
  } else {
    verdict_ = FetchReason::kTooLarge;
  }
}

curl_socket_t Transfer::open_socket(const curl_sockaddr& address) {
  const auto target = url::IpAddress::from_sockaddr(&address.addr);
  const uint16_t port = request_.address.port;
  if (!target || *target != request_.dial || !context_.rules.may_dial(*target, port)) {
    verdict_ = FetchReason::kRefused;
    return CURL_SOCKET_BAD;
  }
  if (context_.dial && !context_.dial(*target, port)) return CURL_SOCKET_BAD;
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

FetchReason Transfer::reason_of(CURLcode code) const {
  using enum FetchReason;
  if (verdict_) return *verdict_;
  if (cut_) return kOk;
  if (code == CURLE_OK) return body_.empty() ? kEmpty : kOk;
  const auto* failure = std::ranges::find(kFailures, code, &CurlFailure::code);
  return failure != kFailures.end() ? failure->reason : kCutOff;
}

TransferOutcome Transfer::finish(CURLcode code) {
  if (failure_) std::rethrow_exception(failure_);
  TransferOutcome outcome;
  outcome.reason = reason_of(code);
  outcome.status = head_.status();
  outcome.content_type = head_.content_type();
  outcome.retry_after = head_.retry_after(std::time(nullptr));
  if (outcome.reason == FetchReason::kRedirects) outcome.location = head_.location();
  if (outcome.reason == FetchReason::kOk) {
    if (body_.size() <= kSmallBody) body_.shrink_to_fit();
    outcome.bytes = std::move(body_);
  }
  return outcome;
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    return transfer.take_header({data, size * count}) ? size * count : 0;
  } catch (...) {
    transfer.failure_ = std::current_exception();
    return 0;
  }
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    return transfer.take_body({data, size * count}) ? size * count : 0;
  } catch (...) {
    transfer.failure_ = std::current_exception();
    return 0;
  }
}

int Transfer::on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (static_cast<uint64_t>(received) <= transfer.max_bytes() || transfer.verdict_) return 0;
  transfer.stop_as_too_long();  // compressed bytes may unpack to little or nothing
  return 1;
}

curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    return transfer.open_socket(*address);
  } catch (...) {
    transfer.failure_ = std::current_exception();
    return CURL_SOCKET_BAD;
  }
}

}  // namespace flamingo::crawl
