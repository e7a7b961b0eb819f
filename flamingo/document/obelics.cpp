#include "flamingo/document/obelics.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/document/foreign_json.h"
#include "flamingo/document/json_text.h"
#include "flamingo/media/probe.h"
#include "flamingo/text/unicode.h"

namespace flamingo::document {
namespace {

constexpr std::string_view kNewTopic = "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED";

/// What lies between the marks of a new topic, a blank line between two.
std::string without_marks(std::string_view text) {
  if (text.find(kNewTopic) == text.npos) return std::string(text);
  std::string out;
  for (;;) {
    const size_t at = text.find(kNewTopic);
    const std::string_view topic = ascii_trim(text.substr(0, at));
    if (!topic.empty()) out += (out.empty() ? "" : "\n\n") + std::string(topic);
    if (at == text.npos) return out;
    text.remove_prefix(at + kNewTopic.size());
  }
}

Json metadata_json(const std::string& text, const std::string& where) {
  return text.empty() ? Json() : parse_foreign_json(text, where);
}

/// The address of a picture with a file is the one of the metadata, as "path" is a file name.
MediaItem read_picture(const ObelicsPicture& picture, const Json& about, const std::string& where) {
  const std::string src = picture.bytes.empty() ? std::string() : json_text(about, "src");
  const std::string& url = src.empty() ? picture.url : src;
  const bool is_text =
      std::ranges::none_of(url, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  require(is_text, where, "expected the address of a picture, got bytes that are no text",
          Hint{"a picture of a format that is not read"});
  MediaItem media_item{.url = text::repair_utf8(url),
                       .alt = json_text(about, "alt_text"),
                       .bytes = picture.bytes,
                       .width = json_extent(about, "original_width"),
                       .height = json_extent(about, "original_height")};
  const auto format = media::image_format(std::as_bytes(std::span(media_item.bytes)));
  if (format) media_item.format = enum_name(*format);
  return media_item;
}

std::vector<std::optional<std::string>> optional_texts(const Json& json, const char* name,
                                                       const std::string& where) {
  std::vector<std::optional<std::string>> texts;
  for (const Json& item : json_list(json, name, where)) {
    require(item.is_null() || item.is_string(), where,
            "expected texts or null in \"{}\", got something else", name);
    texts.push_back(item.is_null() ? std::nullopt : std::optional(item.get<std::string>()));
  }
  return texts;
}

std::string metadata_text(const Json& json, const char* name) {
  const auto it = json.find(name);
  if (it == json.end() || it->is_null()) return {};
  return it->is_string() ? it->get<std::string>() : it->dump();
}

/// Address of the page: of the whole, else that of the first picture.
std::string page_url(const Json& general, const Json& metadata) {
  std::string url = json_text(general, "url");
  for (const Json& about : metadata) {
    if (url.empty()) url = json_text(about, "document_url");
  }
  return url;
}

}  // namespace

Document obelics_document(const ObelicsRow& row, const std::string& where) {
  const size_t num_places = row.texts.size();
  const Json metadata = metadata_json(row.metadata, where + ": metadata");
  const bool has_metadata = metadata.is_array() && metadata.size() == num_places;
  require(row.images.size() == num_places && (metadata.is_null() || has_metadata), where,
          "expected texts, images and metadata of one length, got different ones");
  const Json general = metadata_json(row.general_metadata, where + ": general_metadata");
  Document document{.url = page_url(general, metadata)};
  for (size_t i = 0; i < num_places; ++i) {
    require(row.texts[i].has_value() != row.images[i].has_value(), where,
            "expected a text or a picture at place {}, got both or neither", i);
    if (row.texts[i]) {
      document.parts.push_back(Part::of_text(without_marks(text::repair_utf8(*row.texts[i]))));
    } else {
      document.parts.push_back(Part::of_media_item(std::ssize(document.media)));
      document.media.push_back(
          read_picture(*row.images[i], has_metadata ? metadata[i] : Json(), where));
    }
  }
  return document;
}

ObelicsRow obelics_row(const Json& json, const std::string& where) {
  std::vector<std::optional<ObelicsPicture>> images;
  for (auto& url : optional_texts(json, "images", where))
    images.push_back(url ? std::optional(ObelicsPicture{.url = std::move(*url)}) : std::nullopt);
  return {.texts = optional_texts(json, "texts", where),
          .images = std::move(images),
          .metadata = metadata_text(json, "metadata"),
          .general_metadata = metadata_text(json, "general_metadata")};
}

}  // namespace flamingo::document
