#include "flamingo/document/sample_pair.h"

#include <algorithm>
#include <array>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/document/json_text.h"
#include "flamingo/text/unicode.h"

namespace flamingo {
namespace {

constexpr std::array<std::string_view, 5> kPictures{"jpg", "jpeg", "png", "webp", "gif"};
constexpr std::array<std::string_view, 5> kClips{"mp4", "webm", "mkv", "avi", "mov"};

bool is_clip(std::string_view extension) { return std::ranges::count(kClips, extension) > 0; }

bool is_medium(const Sample::File& file) {
  return std::ranges::count(kPictures, file.extension) > 0 || is_clip(file.extension);
}

Json read_metadata(const Sample& sample) {
  const std::string_view* text = sample.find("json");
  return text == nullptr ? Json::object() : parse_json(*text, sample.where);
}

void expect_success(const Json& metadata, const std::string& where) {
  const std::string status = json_text(metadata, "status");
  const std::string why = json_text(metadata, "error_message");
  require(status.empty() || status == "success", where,
          "expected a sample that was fetched, got status \"" + status + "\"" +
              (why.empty() ? "" : ": " + why));
}

std::string read_caption(const Sample& sample, const Json& metadata) {
  const std::string_view* text = sample.find("txt");
  const std::string caption = repair_utf8(text ? *text : json_text(metadata, "caption"));
  const std::string_view trimmed = ascii_trim(caption);
  require(!trimmed.empty(), sample.where, "expected a caption in txt or json, got none");
  return std::string(trimmed);
}

}  // namespace

bool is_pair(const Sample& sample) { return std::ranges::any_of(sample.files, is_medium); }

Document read_pair(const Sample& sample) {
  require(std::ranges::count_if(sample.files, is_medium) == 1, sample.where,
          "expected one picture or clip beside its caption, got another number");
  const Sample::File& file = *std::ranges::find_if(sample.files, is_medium);
  require(!file.bytes.empty(), sample.where, "expected a medium with bytes, got an empty file");
  const Json metadata = read_metadata(sample);
  expect_success(metadata, sample.where);
  Document document{.url = json_text(metadata, "url")};
  document.media.push_back(
      {.kind = is_clip(file.extension) ? MediumKind::kVideo : MediumKind::kImage,
       .url = document.url,
       .bytes = std::string(file.bytes),
       .format = file.extension == "jpeg" ? "jpg" : file.extension,
       .width = json_extent(metadata, "width"),
       .height = json_extent(metadata, "height")});
  document.parts = {Part::of_medium(0), Part::of_text(read_caption(sample, metadata))};
  return document;
}

}  // namespace flamingo
