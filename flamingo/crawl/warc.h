#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flamingo/crawl/byte_stream.h"
#include "flamingo/crawl/header_fields.h"
#include "flamingo/crawl/segment_buffer.h"

namespace flamingo::crawl {

/// What a WARC record may cost.
struct WarcLimits {
  size_t max_header_bytes = 256 << 10;  ///< of a record's header lines
  size_t max_headers = 200;             ///< lines
  size_t max_block_bytes = 64 << 20;    ///< larger records are skipped and counted
};

/// A record of a WARC file (ISO 28500, WARC 1.0 and 1.1).
struct WarcRecord {
  std::string type;        ///< response, request, warcinfo, ...
  std::string target_uri;  ///< without angle brackets; may be empty
  std::string date;        ///< as stored: 2024-01-31T12:00:00Z
  std::string id;          ///< without angle brackets: urn:uuid:...
  HeaderFields headers;    ///< all, these four included
  std::string block;       ///< the bytes after the headers: for responses an HTTP message
};

/// What a reader met so far. Nothing is left out without being counted here.
struct WarcStatistics {
  uint64_t records = 0;    ///< returned
  uint64_t bytes = 0;      ///< of the blocks returned
  uint64_t damaged = 0;    ///< records given up: bad headers, wrong length, cut off, bad
                           ///< compression (whose garbage may look like more than one record)
  uint64_t oversized = 0;  ///< records over max_block_bytes
  uint64_t resyncs = 0;    ///< searches for the next record, or compressed member, after damage
  uint64_t skipped_compressed_bytes = 0;  ///< of members that could not be read
};

/// Reads the records of a WARC file in order. A damaged record costs itself: reading resumes at the
/// next compressed member, or at the next line that begins with "WARC/1.".
class WarcReader {
 public:
  explicit WarcReader(std::unique_ptr<ByteStream> stream, WarcLimits limits = {});

  /// The next whole record, or nothing at the end. A record comes out only when the compressed
  /// member it ends in passed its checksum or another record follows in the same member.
  /// Throws Error when the stream gives up (InflateLimits::max_output).
  std::optional<WarcRecord> next();

  WarcStatistics statistics() const;

 private:
  bool seek_record();
  void seek_version_line();
  bool next_segment();
  bool read_record(WarcRecord& record);
  std::optional<size_t> read_headers(HeaderFields& headers);
  std::optional<std::string_view> line_at(size_t at);
  bool record_ends(size_t end);
  void skip_block(uint64_t size);
  void count_damage();

  SegmentBuffer buffer_;
  WarcLimits limits_;
  WarcStatistics statistics_;
  bool counted_ = false;  ///< the damage at the read position is in the statistics
};

}  // namespace flamingo::crawl
