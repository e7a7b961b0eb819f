#include "flamingo/crawl/web_address.h"
#include "flamingo/url/data_url.h"
#include "flamingo/url/url.h"
#include "tests/fuzz/fuzz.h"

/// An address, a reference behind the first newline, and what both readers make of them.
void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const std::string_view text = text_of(input), first = text.substr(0, text.find('\n'));
  const std::string_view second = text.substr(std::min(first.size() + 1, text.size()));
  read_all(url::normalise_url(first));
  read_all(url::resolve_url(first, second).value_or(""));
  read_all(url::read_data_url(first).value_or(""));
  const auto address = crawl::WebAddress::parse(first);
  if (!address) return;
  const auto again = crawl::WebAddress::parse(address->text());
  if (!again || again->host != address->host || again->text() != address->text()) __builtin_trap();
  if (const auto joined = address->join(second)) read_all(joined->text());
}
