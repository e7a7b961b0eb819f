#include "flamingo/corpus/document_stats.h"

#include <cstdio>
#include <span>

#include "flamingo/core/error.h"
#include "flamingo/core/size_text.h"
#include "flamingo/document/edit.h"
#include "flamingo/document/unusable.h"
#include "flamingo/media/image.h"
#include "flamingo/media/video.h"

namespace flamingo::corpus {
namespace {

/// Where a document is: in which file, "name: " or nothing, and its key there.
struct Place {
  std::string file, key;
};

/// Decodes a clip and counts what is damaged in it.
void decode_clip(std::span<const std::byte> bytes, const Place& place,
                 const media::VideoLimits& limits, DocumentStats& stats) {
  const media::VideoCheck check = media::check_video(bytes, place.key, limits);
  if (!check.whole) ++stats.partial_clips;
  stats.damaged_frames += check.frames_bad;
  const std::string damage = media::damage_text(check.frames_bad, check.cut_off);
  if (!damage.empty() && stats.damaged_clips++ < DocumentStats::kMaxProblems)
    stats.damage.push_back(place.file + place.key + ": " + damage);
}

void decode_media(const document::Document& document, const Place& place,
                  const media::MediaLimits& limits, DocumentStats& stats) {
  for (const document::MediaItem& media_item : document.media) {
    if (media_item.bytes.empty()) continue;  // an address alone
    const auto bytes = std::as_bytes(std::span(media_item.bytes));
    if (media_item.kind == document::MediaKind::kVideo) {
      decode_clip(bytes, place, limits.video, stats);
    } else {
      media::decode_image(bytes, place.key, {.limits = limits.image});
    }
  }
}

double ratio(double part, int64_t whole) {
  return whole > 0 ? part / static_cast<double>(whole) : 0;
}

template <class Key>
std::string list_of(const std::map<Key, int64_t>& counts) {
  std::string text;
  for (const auto& [key, count] : counts) {
    if constexpr (std::is_same_v<Key, std::string>) {
      text += "  " + key + " " + std::to_string(count);
    } else {
      text += "  " + std::to_string(key) + ": " + std::to_string(count);
    }
  }
  return text;
}

}  // namespace

void DocumentStats::add(const document::Document& document) {
  ++documents;
  media += std::ssize(document.media);
  ++media_per_document[std::ssize(document.media)];
  words += document::count_words(document);
  for (const document::Part& part : document.parts) text_bytes += part.text.size();
  for (const document::MediaItem& media_item : document.media) {
    videos += media_item.kind == document::MediaKind::kVideo;
    media_bytes += media_item.bytes.size();
    ++formats[media_item.format];
  }
}

void DocumentStats::add_problem(const std::string& problem, bool damaged) {
  if (num_problems() < kMaxProblems) problems.push_back(problem);
  ++(damaged ? num_damaged : num_unusable);
}

Json DocumentStats::to_json() const {
  Json per_document = Json::object();
  for (const auto& [count, of] : media_per_document) per_document[std::to_string(count)] = of;
  return {{"documents", documents},
          {"media", media},
          {"videos", videos},
          {"words", words},
          {"text_bytes", text_bytes},
          {"media_bytes", media_bytes},
          {"formats", formats},
          {"media_per_document", per_document},
          {"damaged_clips", damaged_clips},
          {"damaged_frames", damaged_frames},
          {"partial_clips", partial_clips},
          {"damage", damage},
          {"num_problems", num_problems()},
          {"num_damaged", num_damaged},
          {"num_unusable", num_unusable},
          {"problems", problems}};
}

std::string DocumentStats::table() const {
  char text[512];
  std::snprintf(text, sizeof(text),
                "documents        %12lld\n"
                "media            %12lld  (%.2f a document; %lld clips)\n"
                "words            %12lld  (%.0f a document)\n"
                "text             %12s\n"
                "media            %12s\n",
                static_cast<long long>(documents), static_cast<long long>(media),
                ratio(static_cast<double>(media), documents), static_cast<long long>(videos),
                static_cast<long long>(words), ratio(static_cast<double>(words), documents),
                size_text(text_bytes).c_str(), size_text(media_bytes).c_str());
  return text + ("formats        " + list_of(formats)) + "\nmedia a document" +
         list_of(media_per_document) + "\n";
}

void read_all(const document::DocumentFile& file, const ReadAllOptions& options,
              DocumentStats& stats) {
  for (int64_t i = 0; i < file.size(); ++i) {
    if (options.stop != nullptr && options.stop->load()) return;
    const Place place{options.name.empty() ? "" : options.name + ": ", file.key(i)};
    try {
      const document::Document document = file.read(i);
      if (options.decode) decode_media(document, place, options.limits, stats);
      stats.add(document);
    } catch (const document::UnusableDocument& error) {
      stats.add_problem(place.file + error.what(), false);
    } catch (const Error& error) {
      stats.add_problem(place.file + error.what(), true);
    }
    if (options.on_document) options.on_document();
  }
}

}  // namespace flamingo::corpus
