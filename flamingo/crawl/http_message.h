#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "flamingo/crawl/byte_stream.h"
#include "flamingo/crawl/fetch_result.h"
#include "flamingo/crawl/header_fields.h"

namespace flamingo::crawl {

/// What an HTTP message may cost; beyond it, it is refused.
struct HttpLimits {
  size_t max_header_bytes = 256 << 10;                ///< of all lines together
  size_t max_headers = 1000;                          ///< lines
  InflateLimits body = {.max_output = 256ull << 20};  ///< of the body, decoded
};

/// An HTTP response with its body decoded.
struct HttpMessage {
  int status = 0;               ///< 200 to 599
  HeaderFields headers;         ///< as they came; lookup ignores case
  std::string mime;             ///< of Content-Type, lower case without parameters; may be empty
  std::string charset;          ///< of Content-Type, lower case; may be empty
  std::string body;             ///< without transfer and content codings
  bool truncated = false;       ///< the block ends before the body does
  bool stored_decoded = false;  ///< headers name a coding that the body does not have: some
                                ///< archives store it decoded under the original headers
};

/// A body that cannot be had, under a head that is good.
class HttpBodyError : public Error {
 public:
  HttpBodyError(const Error& cause, FetchReason reason, HttpMessage head)
      : Error(cause), reason(reason), head(std::move(head)) {}

  FetchReason reason;  ///< kBadReply (chunks), kBadEncoding or kTooLarge
  HttpMessage head;    ///< the message without its body
};

/// Takes `mime` and `charset` out of a Content-Type.
void parse_content_type(std::string_view text, HttpMessage& message);

/// Status line (answers 1xx in front are skipped) and headers of an HTTP message; `block` is
/// left with the body. Lines without colon are left out, as browsers do.
/// Throws Error: no status line, no end of headers, over a limit.
HttpMessage take_http_head(std::string_view& block, const std::string& where,
                           const HttpLimits& limits = {});

/// Parses the block of a WARC response record: head, chunked transfer coding and content codings.
/// A coding that the body does not have, because the archive undid it or the server lied, is passed
/// over: gzip and zstd by their magic numbers, others where the body is_uncompressed.
/// `where` names the block in errors. Throws Error as take_http_head does; HttpBodyError: damaged
/// chunks or compressed data, an unknown coding of bytes that are neither text nor a picture, over
/// a limit.
HttpMessage parse_http_response(std::string_view block, const std::string& where,
                                const HttpLimits& limits = {});

}  // namespace flamingo::crawl
