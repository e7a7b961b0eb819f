#include "flamingo/document/sample_pair.h"

#include <algorithm>
#include <array>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/document/foreign_json.h"
#include "flamingo/document/json_text.h"
#include "flamingo/document/unusable.h"
#include "flamingo/text/unicode.h"

namespace flamingo::document {
namespace {

constexpr std::array<std::string_view, 6> kPictures{"jpg", "jpeg", "png", "webp", "gif", "avif"};
constexpr std::array<std::string_view, 5> kClips{"mp4", "webm", "mkv", "avi", "mov"};

bool is_clip(std::string_view extension) { return std::ranges::count(kClips, extension) > 0; }

bool is_media_item(const Sample::File& file) {
  return is_picture_extension(file.extension) || is_clip(file.extension);
}

Json read_metadata(const Sample& sample) {
  const std::string_view* text = sample.find("json");
  return text == nullptr ? Json::object() : parse_foreign_json(*text, sample.where);
}

std::string read_caption(const Sample& sample, const Json& metadata) {
  const std::string_view* text = sample.find("txt");
  const std::string caption =
      text::repair_utf8(text ? without_byte_order_mark(*text) : json_text(metadata, "caption"));
  const std::string_view trimmed = ascii_trim(caption);
  require_usable(!trimmed.empty(), sample.where, "expected a caption in txt or json, got none");
  return std::string(trimmed);
}

}  // namespace

void expect_fetched(const Json& metadata, const std::string& where) {
  const std::string status = json_text(metadata, "status");
  const std::string why = json_text(metadata, "error_message");
  if (status.empty() || status == "success") return;
  throw UnusableDocument(where, "expected a sample that was fetched, got status \"" + status +
                                    "\"" + (why.empty() ? "" : ": " + why));
}

bool is_picture_extension(std::string_view extension) {
  return std::ranges::count(kPictures, extension) > 0;
}

bool is_pair(const Sample& sample) { return std::ranges::any_of(sample.files, is_media_item); }

Document read_pair(const Sample& sample) {
  const Json metadata = read_metadata(sample);
  expect_fetched(metadata, sample.where);
  const auto count = std::ranges::count_if(sample.files, is_media_item);
  require(count == 1, sample.where, "expected one picture or clip beside its caption, got {}",
          count);
  const Sample::File& file = *std::ranges::find_if(sample.files, is_media_item);
  require(!file.bytes.empty(), sample.where, "expected a media item with bytes, got an empty file");
  Document document{.url = json_text(metadata, "url")};
  document.media.push_back({.kind = is_clip(file.extension) ? MediaKind::kVideo : MediaKind::kImage,
                            .url = document.url,
                            .bytes = std::string(file.bytes),
                            .format = file.extension == "jpeg" ? "jpg" : file.extension,
                            .width = json_extent(metadata, "width"),
                            .height = json_extent(metadata, "height")});
  document.parts = {Part::of_media_item(0), Part::of_text(read_caption(sample, metadata))};
  return document;
}

}  // namespace flamingo::document
