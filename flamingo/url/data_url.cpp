#include "flamingo/url/data_url.h"

#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/io/base64.h"
#include "flamingo/url/percent.h"

namespace flamingo::url {
namespace {

constexpr std::string_view kScheme = "data:";

/// Whether the part before the comma ends in ";base64", in any case and with spaces around the
/// word.
bool says_base64(std::string_view type) {
  constexpr std::string_view kWord = "base64";
  type = ascii_trim(type);
  if (type.size() < kWord.size()) return false;
  const size_t before = type.size() - kWord.size();
  return ascii_iequal(type.substr(before), kWord) &&
         ascii_trim(type.substr(0, before)).ends_with(';');
}

}  // namespace

bool is_data_url(std::string_view url) {
  return ascii_iequal(url.substr(0, kScheme.size()), kScheme);
}

std::optional<std::string> read_data_url(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const size_t comma = url.find(',');
  if (!is_data_url(url) || comma == std::string_view::npos) return std::nullopt;
  std::string bytes = percent_decode(url.substr(comma + 1));
  const std::string_view type = url.substr(kScheme.size(), comma - kScheme.size());
  return says_base64(type) ? io::base64_decode(bytes) : std::move(bytes);
}

}  // namespace flamingo::url
