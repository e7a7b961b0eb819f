#include "flamingo/core/error.h"
#include "flamingo/crawl/http_message.h"
#include "flamingo/crawl/warc.h"
#include "tests/fuzz/fuzz.h"

/// A WARC file (plain, gzip or zstd), and the HTTP answers in it.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  crawl::WarcReader reader(crawl::memory_stream(input, "fuzz", {.max_output = 4 << 20}),
                           {.max_block_bytes = 1 << 20});
  while (const auto record = reader.next()) {
    try {
      const auto message = crawl::parse_http_response(record->block, record->target_uri,
                                                      {.body = {.max_output = 4 << 20}});
      read_all(message.body);
    } catch (const Error&) {  // one answer; the others stay good
    }
  }
}
