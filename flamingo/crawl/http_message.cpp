#include "flamingo/crawl/http_message.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/crawl/body_sniff.h"
#include "flamingo/crawl/decompressor.h"

namespace flamingo::crawl {
namespace {

constexpr std::string_view kGzipStart = "\x1F\x8B";  // of one that is damaged or cut off, too
constexpr size_t kMaxCodings = 4;
constexpr size_t kMaxChunkLine = 4096;

/// Takes the next line, without its line end, off the front of `text`; nothing when it has no end
/// within max_bytes.
std::optional<std::string_view> take_line(std::string_view& text, size_t max_bytes) {
  const size_t newline = text.substr(0, max_bytes).find('\n');
  if (newline == text.npos) return std::nullopt;
  std::string_view line = text.substr(0, newline);
  text.remove_prefix(newline + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The status of "HTTP/1.1 200 OK".
int parse_status(std::string_view line, const std::string& where) {
  const size_t space = line.find(' ');
  const std::string_view digits =
      space == line.npos ? std::string_view() : ascii_trim(line.substr(space)).substr(0, 4);
  int status = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  const bool three =
      error == std::errc() && stop == digits.data() + 3 && (digits.size() == 3 || digits[3] == ' ');
  require(line.starts_with("HTTP/") && three && status >= 100 && status <= 599, where,
          "expected a status line HTTP/1.1 200 OK, got \"{}\"",
          std::string_view(line).substr(0, 80));
  return status;
}

/// Takes status line and headers off the front of `rest`.
void take_head(std::string_view& rest, HttpMessage& message, const std::string& where,
               const HttpLimits& limits) {
  const size_t start = rest.size();
  message.headers = {};
  for (size_t num_lines = 0; num_lines <= limits.max_headers; ++num_lines) {
    const size_t left =
        limits.max_header_bytes - std::min(limits.max_header_bytes, start - rest.size());
    const auto line = take_line(rest, left);
    require(line.has_value(), where, "expected HTTP headers and an empty line, got no end of them");
    if (num_lines == 0) {
      message.status = parse_status(*line, where);
    } else if (line->empty()) {
      return;
    } else {
      message.headers.add_line(*line);
    }
  }
  fail(where, "expected at most {} HTTP headers, got more", limits.max_headers);
}

/// Comma-separated names of all headers called `name`, lower case.
void append_codings(const HeaderFields& headers, std::string_view name,
                    std::vector<std::string>& codings) {
  for (std::string_view list : headers.all(name)) {
    while (!list.empty()) {
      const size_t comma = std::min(list.find(','), list.size());
      const std::string coding = ascii_lower(ascii_trim(list.substr(0, comma)));
      if (!coding.empty() && coding != "identity") codings.push_back(coding);
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }
}

/// "1a2b; extension" -> 0x1a2b.
std::optional<uint64_t> chunk_size(std::string_view line) {
  const std::string_view digits = ascii_trim(line.substr(0, line.find(';')));
  uint64_t size = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, size, 16);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  return size;
}

/// A body under "chunked" whose first line is no chunk size was stored decoded.
bool begins_chunk(std::string_view body) {
  return body.empty() || chunk_size(body.substr(0, body.find_first_of("\r\n"))).has_value();
}

/// Undoes the chunked coding (RFC 9112, 7.1) as far as the body goes; trailers are left out.
std::string join_chunks(std::string_view rest, HttpMessage& message, const std::string& where) {
  const size_t start = rest.size();
  std::string body;
  while (true) {
    const std::string at = where + ", byte " + std::to_string(start - rest.size()) + " of the body";
    const auto line = take_line(rest, kMaxChunkLine);
    message.truncated = !line && rest.size() < kMaxChunkLine;
    if (message.truncated) return body;
    const auto size = line ? chunk_size(*line) : std::nullopt;
    require(size.has_value(), at, "expected the size of a chunk, got other bytes");
    if (*size == 0) return body;
    message.truncated = *size > rest.size();
    body += rest.substr(0, *size);
    if (message.truncated) return body;
    rest.remove_prefix(*size);
    const auto end = take_line(rest, 2);
    message.truncated = !end && rest.size() < 2;
    if (message.truncated) return body;
    require(end && end->empty(), at, "expected a chunk of this size, got a longer one");
  }
}

std::optional<Compression> magic_of(std::string_view coding) {
  if (coding == "gzip" || coding == "x-gzip") return Compression::kGzip;
  if (coding == "zstd") return Compression::kZstd;
  return std::nullopt;
}

/// Whether a body surely does not have the coding that its headers name; `others` were applied
/// before it.
bool lacks_coding(std::string_view coding, std::span<const std::string> others,
                  std::string_view body) {
  const auto packed = sniff_compression(std::as_bytes(std::span(body)));
  if (const auto magic = magic_of(coding))
    return packed != magic && !(magic == Compression::kGzip && body.starts_with(kGzipStart));
  const auto shows = [&](const std::string& other) { return packed && packed == magic_of(other); };
  return is_uncompressed(body) || std::ranges::any_of(others, shows);
}

/// Undoes the content codings, the last applied first.
void decode_body(const std::vector<std::string>& codings, HttpMessage& message,
                 const std::string& where, const HttpLimits& limits) {
  require(codings.size() <= kMaxCodings, where, "expected at most 4 content codings, got more");
  for (size_t left = codings.size(); left > 0 && !message.body.empty(); --left) {
    const std::string& coding = codings[left - 1];
    if (lacks_coding(coding, std::span(codings).first(left - 1), message.body)) {
      message.stored_decoded = true;
      continue;
    }
    Inflated inflated =
        inflate_bytes(coding, std::as_bytes(std::span(message.body)), limits.body, where);
    message.body = std::move(inflated.bytes);
    message.truncated |= !inflated.complete;
  }
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// Transfer and content codings, the last applied last.
std::vector<std::string> codings_of(const HeaderFields& headers) {
  std::vector<std::string> codings;
  append_codings(headers, "Content-Encoding", codings);
  append_codings(headers, "Transfer-Encoding", codings);
  return codings;
}

/// Whether Content-Length says more than was stored. It counts coded bytes, and none of chunks.
bool is_short(const HttpMessage& message, size_t stored) {
  const auto length = parse_length(message.headers.value("Content-Length"));
  return length && *length > stored && !message.stored_decoded &&
         message.headers.find("Transfer-Encoding") == nullptr;
}

/// The body without the chunked coding, which `codings` then lacks too.
void take_body(std::string_view stored, std::vector<std::string>& codings, HttpMessage& message,
               const std::string& where, uint64_t max_bytes) {
  if (stored.size() > max_bytes) {
    throw OutputLimit(where, "expected a body of at most " + std::to_string(max_bytes) +
                                 " bytes, got " + std::to_string(stored.size()));
  }
  const bool chunked = !codings.empty() && codings.back() == "chunked";
  if (chunked) codings.pop_back();
  message.stored_decoded = chunked && !begins_chunk(stored);
  message.body = chunked && !message.stored_decoded ? join_chunks(stored, message, where)
                                                    : std::string(stored);
}

}  // namespace

void parse_content_type(std::string_view text, HttpMessage& message) {
  const size_t mime_end = std::min(text.find_first_of(";,"), text.size());
  message.mime = ascii_lower(ascii_trim(text.substr(0, mime_end)));
  text.remove_prefix(mime_end);
  while (!text.empty() && message.charset.empty()) {
    text.remove_prefix(1);
    const size_t end = std::min(text.find(';'), text.size());
    const std::string_view parameter = text.substr(0, end);
    const size_t equals = parameter.find('=');
    if (equals != parameter.npos &&
        ascii_iequal(ascii_trim(parameter.substr(0, equals)), "charset"))
      message.charset = ascii_lower(unquoted(ascii_trim(parameter.substr(equals + 1))));
    text.remove_prefix(end);
  }
}

HttpMessage take_http_head(std::string_view& block, const std::string& where,
                           const HttpLimits& limits) {
  HttpMessage message;
  do {
    take_head(block, message, where, limits);
  } while (message.status < 200);
  parse_content_type(message.headers.value("Content-Type"), message);
  return message;
}

HttpMessage parse_http_response(std::string_view block, const std::string& where,
                                const HttpLimits& limits) {
  HttpMessage message = take_http_head(block, where, limits);
  FetchReason reason = FetchReason::kBadReply;
  const auto give_up = [&](const Error& cause) {
    message.body.clear();
    throw HttpBodyError(cause, reason, std::move(message));
  };
  try {
    auto codings = codings_of(message.headers);
    take_body(block, codings, message, where, limits.body.max_output);
    reason = FetchReason::kBadEncoding;
    decode_body(codings, message, where, limits);
    message.truncated |= is_short(message, block.size());
  } catch (const OutputLimit& error) {
    reason = FetchReason::kTooLarge;
    give_up(error);
  } catch (const Error& error) {
    give_up(error);
  }
  return message;
}

}  // namespace flamingo::crawl
