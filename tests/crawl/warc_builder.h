#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/rng.h"
#include "tests/crawl/compress.h"

namespace flamingo::testing {

/// A record with the usual headers; `length` replaces the true Content-Length.
inline std::string warc_record(std::string_view type, std::string_view uri, std::string_view block,
                               std::string_view length = {}) {
  std::string text = "WARC/1.0\r\nWARC-Type: " + std::string(type) + "\r\n";
  text += "WARC-Target-URI: " + std::string(uri) + "\r\n";
  text += "WARC-Date: 2024-01-31T12:00:00Z\r\nWARC-Record-ID: <urn:uuid:0>\r\n";
  text += "Content-Type: application/http; msgtype=response\r\nContent-Length: ";
  text += length.empty() ? std::to_string(block.size()) : std::string(length);
  return text + "\r\n\r\n" + std::string(block) + "\r\n\r\n";
}

/// The page of record `i`: some words of its own.
inline std::string page(size_t i, size_t size) {
  Rng rng(i);
  std::string text = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
  while (text.size() < size)
    text += static_cast<char>(rng.below(8) == 0 ? '\n' : 'a' + rng.below(26));
  return text;
}

inline std::string uri(size_t i) { return "http://example.org/" + std::to_string(i); }

/// `count` response records with pages of `size` to `size` + 99 bytes.
inline std::vector<std::string> warc_records(size_t count, size_t size) {
  std::vector<std::string> records;
  for (size_t i = 0; i < count; ++i)
    records.push_back(warc_record("response", uri(i), page(i, size + i % 100)));
  return records;
}

inline std::string joined(const std::vector<std::string>& parts) {
  std::string whole;
  for (const std::string& part : parts) whole += part;
  return whole;
}

/// Each record in a member of its own, as the standard wants it.
inline std::string gzip_each(const std::vector<std::string>& records) {
  std::string file;
  for (const std::string& record : records) file += gzip_text(record);
  return file;
}

}  // namespace flamingo::testing
