#include "flamingo/html/charset.h"
#include "flamingo/html/page.h"
#include "tests/fuzz/fuzz.h"

/// A web page: character set, tree, rules, document.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const auto page = html::parse_page(html::decode_page(text_of(input), ""), "http://h/d/p");
  read_all(document::plain_text(page.document));
  for (const document::MediaItem& media_item : page.document.media) read_all(media_item.url);
}
