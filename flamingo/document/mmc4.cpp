#include "flamingo/document/mmc4.h"

#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/document/json_text.h"
#include "flamingo/document/unusable.h"
#include "flamingo/io/base64.h"
#include "flamingo/media/probe.h"

namespace flamingo::document {
namespace {

/// The file of a picture, or "" where there is none. OpenFlamingo's converter wrote Python's
/// "b'...'" around the base64 text.
std::string picture_bytes(const Json& info, const std::string& where) {
  const std::string text = json_text(info, "image_base64");
  std::string_view base64 = text;
  if (base64.starts_with("b'") && base64.ends_with("'") && base64.size() > 2)
    base64 = base64.substr(2, base64.size() - 3);
  auto bytes = io::base64_decode(base64);
  require(bytes.has_value(), where,
          "expected base64 in \"image_base64\", got {} bytes that do not decode", base64.size());
  return std::move(*bytes);
}

MediaItem read_picture(const Json& info, const std::string& where) {
  MediaItem media_item{.url = json_text(info, "raw_url"), .bytes = picture_bytes(info, where)};
  const auto format = media::image_format(std::as_bytes(std::span(media_item.bytes)));
  if (format) media_item.format = enum_name(*format);
  return media_item;
}

/// The sentence a picture is matched to.
size_t matched_sentence(const Json& info, size_t num_sentences, const std::string& where) {
  const auto it = info.find("matched_text_index");
  const bool known = it != info.end() && it->is_number_integer();
  const int64_t index = known ? it->get<int64_t>() : -1;
  if (index < 0 || !std::cmp_less(index, num_sentences))
    fail(where, "expected \"matched_text_index\" below {}, got {}", num_sentences,
         known ? std::to_string(index) : "none");
  return static_cast<size_t>(index);
}

bool is_similar(const Json& info, double least) {
  const auto it = info.find("matched_sim");
  return it != info.end() && it->is_number() && it->get<double>() >= least;
}

bool is_wanted(const MediaItem& media_item, const Mmc4Rules& rules, MissingPicture missing) {
  if (!media_item.bytes.empty())
    return std::cmp_greater_equal(media_item.bytes.size(), rules.min_bytes);
  return missing == MissingPicture::kKeepAddress && !media_item.url.empty();
}

/// The pictures that meet the rules, by the sentence they are in front of.
std::multimap<size_t, MediaItem> choose_pictures(const Json& json, size_t num_sentences,
                                                 const std::string& where, const Mmc4Rules& rules,
                                                 MissingPicture missing) {
  std::multimap<size_t, MediaItem> chosen;
  for (const Json& info : json_list(json, "image_info", where)) {
    if (std::ssize(chosen) >= rules.max_pictures) break;
    require(info.is_object(), where, "expected objects in \"image_info\", got something else");
    const size_t sentence = matched_sentence(info, num_sentences, where);
    if (!is_similar(info, rules.min_similarity)) continue;
    MediaItem media_item = read_picture(info, where);
    if (is_wanted(media_item, rules, missing)) chosen.emplace(sentence, std::move(media_item));
  }
  return chosen;
}

void add_sentence(Document& document, const std::string& sentence) {
  if (document.parts.empty() || !document.parts.back().is_text())
    return document.parts.push_back(Part::of_text(sentence));
  document.parts.back().text += " " + sentence;
}

}  // namespace

Document mmc4_document(const Json& json, const std::string& where, const Mmc4Rules& rules,
                       MissingPicture missing) {
  const Json& sentences = json_list(json, "text_list", where);
  auto pictures = choose_pictures(json, sentences.size(), where, rules, missing);
  require_usable(!pictures.empty(), where, "expected a picture that meets the rules, got none");
  Document document{.url = json_text(json, "url")};
  for (size_t i = 0; i < sentences.size(); ++i) {
    const auto [begin, end] = pictures.equal_range(i);
    for (auto it = begin; it != end; ++it) {
      document.parts.push_back(Part::of_media_item(std::ssize(document.media)));
      document.media.push_back(std::move(it->second));
    }
    require(sentences[i].is_string(), where, "expected texts in \"text_list\", got something else");
    add_sentence(document, sentences[i].get_ref<const std::string&>());
  }
  return document;
}

}  // namespace flamingo::document
