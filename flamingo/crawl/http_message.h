#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "flamingo/crawl/byte_stream.h"
#include "flamingo/crawl/header_fields.h"

namespace flamingo {

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

/// Parses the block of a WARC response record: status line (answers 1xx in front are passed over),
/// headers, chunked transfer coding and content codings. Lines without colon are left out, as
/// browsers do. `where` names the block in errors. Throws Error: no status line, no end of headers,
/// damaged chunks or compressed data, an unknown coding, over a limit.
HttpMessage parse_http_response(std::string_view block, const std::string& where,
                                const HttpLimits& limits = {});

}  // namespace flamingo
