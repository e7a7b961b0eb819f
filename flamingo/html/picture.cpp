#include "flamingo/html/picture.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "flamingo/html/html_space.h"
#include "flamingo/html/text_writer.h"
#include "flamingo/url/data_url.h"
#include "flamingo/url/url.h"

namespace flamingo::html {
namespace {

using std::string_view_literals::operator""sv;

constexpr int64_t kMaxDeclared = 100'000;
constexpr size_t kMaxSources = 32;

/// A number of pixels ("640", "640px"); 0 for anything else, such as a percentage.
int64_t pixels(std::string_view text) {
  text = trim_html_space(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  const bool is_pixels = unit.empty() || ascii_iequal(unit, "px") || unit.front() == '.';
  return error == std::errc() && is_pixels ? std::clamp<int64_t>(value, 0, kMaxDeclared) : 0;
}

/// Whether the address is that of a drawing, by its name or data type.
bool is_svg(std::string_view url) {
  if (url::is_data_url(url)) return find_ascii_case(url.substr(0, 20), "image/svg") == 5;
  const std::string path = ascii_lower(url::split_url(url).path);
  return path.ends_with(".svg") || path.ends_with(".svgz");
}

/// Whether a <source> is of a type that a picture decoder here reads.
bool is_decodable(const GumboNode* source) {
  constexpr std::array kTypes = {""sv,           "image/jpeg"sv, "image/jpg"sv, "image/png"sv,
                                 "image/webp"sv, "image/gif"sv,  "image/avif"sv};
  const std::string type = ascii_lower(trim_html_space(attribute(source, "type")));
  return std::ranges::find(kTypes, type) != kTypes.end();
}

/// The better of two candidates so far, by extent.
struct Best {
  std::string_view reference;
  double extent = 0;

  void offer(std::string_view srcset) {
    double next = 0;
    const std::string_view candidate = largest_candidate(srcset, next);
    if (candidate.empty() || url::is_data_url(candidate) || next <= extent) return;
    reference = candidate;
    extent = next;
  }
};

std::string_view first_attribute(const GumboNode* element, std::span<const char* const> names) {
  for (const char* name : names) {
    const std::string_view value = trim_html_space(attribute(element, name));
    if (!value.empty()) return value;
  }
  return {};
}

/// The address of a <video>: its own, or that of the first source in MP4 or of any type.
std::string_view video_reference(const GumboNode* video) {
  const std::string_view own = trim_html_space(attribute(video, "src"));
  if (!own.empty()) return own;
  std::string_view first;
  for (const GumboNode* child : children(video)) {
    if (tag_of(child) != GUMBO_TAG_SOURCE) continue;
    const std::string_view source = trim_html_space(attribute(child, "src"));
    if (attribute(child, "type").starts_with("video/mp4") && !source.empty()) return source;
    if (first.empty()) first = source;
  }
  return first;
}

/// Why a media item is not wanted that is `declared` so and has this address, not yet resolved.
DropReason refusal(const document::MediaItem& declared, std::string_view reference,
                   const PageAddress& page, const PictureRules& rules) {
  const auto tiny = [&](int64_t side) { return side > 0 && side < rules.min_side; };
  const bool data = url::is_data_url(reference);
  const auto limit = static_cast<size_t>(data ? rules.data_bytes : page.max_bytes);
  if (reference.empty()) return DropReason::kAddress;
  if (data && declared.kind == document::MediaKind::kVideo) return DropReason::kAddress;
  if (reference.size() > limit) return data ? DropReason::kData : DropReason::kAddress;
  if (tiny(declared.width) || tiny(declared.height)) return DropReason::kTiny;
  return is_svg(reference) && !rules.svg ? DropReason::kSvg : DropReason::kNone;
}

}  // namespace

std::string_view largest_candidate(std::string_view srcset, double& extent) {
  std::string_view best;
  bool best_is_width = false;
  extent = 0;
  while (true) {
    const size_t begin = srcset.find_first_not_of(" \t\n\f\r,");
    if (begin == std::string_view::npos) return best;
    srcset.remove_prefix(begin);
    std::string_view url = srcset.substr(0, srcset.find_first_of(" \t\n\f\r"));
    srcset.remove_prefix(url.size());
    std::string_view descriptor;
    if (url.ends_with(',')) {
      url = url.substr(0, url.find_last_not_of(',') + 1);
    } else {
      descriptor = srcset.substr(0, srcset.find(','));
      srcset.remove_prefix(descriptor.size());
    }
    descriptor = trim_html_space(descriptor);
    double value = 1;
    std::from_chars(descriptor.data(), descriptor.data() + descriptor.size(), value);
    const bool is_width = descriptor.find('w') != std::string_view::npos;
    if (url.empty() || !std::isfinite(value) || is_width < best_is_width) continue;
    if (is_width == best_is_width && !(value > extent)) continue;
    best = url;
    extent = value;
    best_is_width = is_width;
  }
}

std::string_view picture_reference(const GumboNode* img) {
  static constexpr const char* kSets[] = {"data-srcset", "data-lazy-srcset", "srcset"};
  static constexpr const char* kLazy[] = {"data-src", "data-original", "data-lazy-src", "data-lazy",
                                          "data-echo"};
  Best best;
  for (const char* name : kSets) best.offer(attribute(img, name));
  if (has_unknown_name(img->parent, "picture")) {
    const auto siblings = children(img->parent);
    for (const GumboNode* child : siblings.first(std::min(siblings.size(), kMaxSources))) {
      if (tag_of(child) != GUMBO_TAG_SOURCE || !is_decodable(child)) continue;
      for (const char* name : kSets) best.offer(attribute(child, name));
    }
  }
  if (!best.reference.empty()) return best.reference;
  const std::string_view lazy = first_attribute(img, kLazy);
  return lazy.empty() ? trim_html_space(attribute(img, "src")) : lazy;
}

MediaChoice choose_media_item(const GumboNode* element, const PageAddress& page,
                              const PictureRules& rules) {
  const bool video = tag_of(element) == GUMBO_TAG_VIDEO;
  const std::string_view reference = video ? video_reference(element) : picture_reference(element);
  document::MediaItem media_item;
  media_item.kind = video ? document::MediaKind::kVideo : document::MediaKind::kImage;
  media_item.width = pixels(attribute(element, "width"));
  media_item.height = pixels(attribute(element, "height"));
  const DropReason reason = refusal(media_item, reference, page, rules);
  if (reason != DropReason::kNone) return {std::nullopt, reason};
  const int64_t limit = url::is_data_url(reference) ? rules.data_bytes : page.max_bytes;
  std::optional<std::string> url =
      url::resolve_url(page.base, reference, static_cast<size_t>(limit));
  if (!url) return {std::nullopt, DropReason::kAddress};
  media_item.url = std::move(*url);
  for (const char* name : {"alt", "title", "aria-label"}) {
    if (media_item.alt.empty()) media_item.alt = collapse_space(attribute(element, name));
  }
  return {std::move(media_item), DropReason::kNone};
}

}  // namespace flamingo::html
