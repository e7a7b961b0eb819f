#include "flamingo/document/document_json.h"

#include <array>
#include <optional>
#include <utility>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"

namespace flamingo::document {

/// Names of MediaKind in JSON.
constexpr std::array<std::pair<MediaKind, const char*>, 2> enum_table(MediaKind) {
  return {{{MediaKind::kImage, "image"}, {MediaKind::kVideo, "video"}}};
}

namespace {

constexpr int64_t kVersion = 1;

/// A part as JSON has it: exactly one of the two.
struct JsonPart {
  std::optional<std::string> text;
  std::optional<int64_t> media;

  template <class Visitor>
  void visit(Visitor& v) {
    v("text", text, "UTF-8 text");
    v("media", media, "index of the media item that is here");
  }
};

struct JsonMediaItem {
  std::string member;
  MediaKind kind = MediaKind::kImage;
  std::string url;
  std::string alt;
  int64_t width = 0;
  int64_t height = 0;
  std::string sha256;

  template <class Visitor>
  void visit(Visitor& v) {
    v("member", member, "extension of the member that holds the file");
    v("kind", kind, "image or video");
    v("url", url, "where it came from");
    v("alt", alt, "the page's words for it");
    v("width", width, "pixels");
    v("height", height, "pixels");
    v("sha256", sha256, "of the file");
  }
};

struct JsonDocument {
  int64_t version = kVersion;
  std::string url;
  std::string title;
  std::string licence;
  std::vector<JsonPart> parts;
  std::vector<JsonMediaItem> media;

  template <class Visitor>
  void visit(Visitor& v) {
    v("version", version, "of this schema");
    v("url", url, "address of the page");
    v("title", title, "title of the page");
    v("licence", licence, "as the page states it");
    v("parts", parts, "text and media in order");
    v("media", media, "the media");
  }
};

/// Leaves out what says nothing: empty text, 0 and null.
Json compact(const Json& json) {
  if (json.is_array()) {
    Json list = Json::array();
    for (const Json& item : json) list.push_back(compact(item));
    return list;
  }
  if (!json.is_object()) return json;
  Json object = Json::object();
  for (const auto& [key, value] : json.items()) {
    const bool empty = value.is_null() || value == "" || (value == 0 && key != "media");
    if (!empty) object[key] = compact(value);
  }
  return object;
}

Part to_part(JsonPart part, size_t num_media, const std::string& where) {
  require(part.text.has_value() != part.media.has_value(), where,
          "expected a part with either text or media, got both or neither");
  if (part.text) return Part::of_text(std::move(*part.text));
  require(*part.media >= 0 && *part.media < static_cast<int64_t>(num_media), where,
          "expected a media item below {}, got {}", num_media, *part.media);
  return Part::of_media_item(*part.media);
}

/// Each media item is at exactly one place, in order.
void expect_places(const Document& document, const std::string& where) {
  int64_t next = 0;
  for (const Part& part : document.parts) {
    if (part.is_text()) continue;
    require(part.media_item == next, where, "expected media item {} next, got {}", next,
            part.media_item, Hint{"each media item is at one place, in the order of \"media\""});
    ++next;
  }
  require(next == std::ssize(document.media), where,
          "expected a place for each of {} media, got {}", document.media.size(), next);
}

JsonDocument parse(std::string_view json, const std::string& where, const DocumentLimits& limits) {
  require(json.size() <= limits.max_json_bytes, where, "expected at most {} bytes of JSON, got {}",
          limits.max_json_bytes, json.size());
  JsonDocument read;
  read.version = 0;
  config_from_json(parse_json(json, where), read, where);
  require(read.version == kVersion, where, "expected a document of version {}, got {}", kVersion,
          read.version);
  require(std::ssize(read.parts) <= limits.max_parts, where, "expected at most {} parts, got {}",
          limits.max_parts, read.parts.size());
  require(std::ssize(read.media) <= limits.max_media, where, "expected at most {} media, got {}",
          limits.max_media, read.media.size());
  return read;
}

}  // namespace

std::string media_item_member(const Document& document, int64_t index) {
  const MediaItem& media_item = document.media[static_cast<size_t>(index)];
  return std::to_string(index) + "." + (media_item.format.empty() ? "bin" : media_item.format);
}

std::string document_to_json(const Document& document) {
  JsonDocument json{.url = document.url, .title = document.title, .licence = document.licence};
  for (const Part& part : document.parts) {
    if (part.is_text() && part.text.empty()) continue;
    JsonPart& out = json.parts.emplace_back();
    if (part.is_text()) {
      out.text = part.text;
    } else {
      out.media = part.media_item;
    }
  }
  for (size_t i = 0; i < document.media.size(); ++i) {
    const MediaItem& media_item = document.media[i];
    json.media.push_back({.member = media_item_member(document, static_cast<int64_t>(i)),
                          .kind = media_item.kind,
                          .url = media_item.url,
                          .alt = media_item.alt,
                          .width = media_item.width,
                          .height = media_item.height,
                          .sha256 = media_item.sha256});
  }
  return compact(config_to_json(json)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

ReadDocument document_from_json(std::string_view json, const std::string& where,
                                const DocumentLimits& limits) {
  JsonDocument read = parse(json, where, limits);
  ReadDocument out;
  out.document.url = std::move(read.url);
  out.document.title = std::move(read.title);
  out.document.licence = std::move(read.licence);
  for (JsonPart& part : read.parts) {
    out.document.parts.push_back(to_part(std::move(part), read.media.size(), where));
  }
  for (JsonMediaItem& media_item : read.media) {
    const size_t dot = media_item.member.rfind('.');
    require(dot != std::string::npos && dot > 0, where,
            "expected a member such as \"0.jpg\", got \"{}\"", media_item.member);
    require(media_item.width >= 0 && media_item.height >= 0, where,
            "expected sizes >= 0, got a negative one");
    out.document.media.push_back({.kind = media_item.kind,
                                  .url = std::move(media_item.url),
                                  .alt = std::move(media_item.alt),
                                  .format = media_item.member.substr(dot + 1),
                                  .width = media_item.width,
                                  .height = media_item.height,
                                  .sha256 = std::move(media_item.sha256)});
    out.members.push_back(std::move(media_item.member));
  }
  expect_places(out.document, where);
  return out;
}

}  // namespace flamingo::document
