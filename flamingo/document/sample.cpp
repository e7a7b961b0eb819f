#include "flamingo/document/sample.h"

#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/document/document_json.h"
#include "flamingo/document/foreign_json.h"
#include "flamingo/document/sample_pair.h"
#include "flamingo/io/sha256.h"

namespace flamingo::document {
namespace {

std::string names_of(const Sample& sample) {
  std::string names;
  for (const auto& file : sample.files) names += (names.empty() ? "" : ", ") + file.extension;
  return names;
}

Document read_native(const Sample& sample, std::string_view json) {
  ReadDocument read = document_from_json(json, sample.where);
  for (size_t i = 0; i < read.members.size(); ++i) {
    const std::string_view* bytes = sample.find(read.members[i]);
    if (bytes == nullptr)
      fail(sample.where, "expected a member \"{}\", got {}", read.members[i], names_of(sample));
    MediaItem& media_item = read.document.media[i];
    if (!media_item.sha256.empty()) {
      const std::string sha256 = io::sha256_hex(*bytes);
      require(media_item.sha256 == sha256, sample.where,
              "expected {} with the SHA-256 of the document, {}, got {}", read.members[i],
              media_item.sha256, sha256, Hint{"the shard is damaged"});
    }
    media_item.bytes = *bytes;
  }
  return std::move(read.document);
}

}  // namespace

const std::string_view* Sample::find(std::string_view extension) const {
  const auto it = std::ranges::find(files, extension, &File::extension);
  return it == files.end() ? nullptr : &it->bytes;
}

Document read_sample(const Sample& sample, const Mmc4Rules& rules) {
  if (is_pair(sample)) return read_pair(sample);
  const std::string_view* json = sample.find("json");
  if (json != nullptr && json->find("\"text_list\"") != json->npos) {
    const Json document = parse_foreign_json(*json, sample.where);
    if (document.contains("text_list"))
      return mmc4_document(document, sample.where, rules, MissingPicture::kDrop);
  }
  if (json != nullptr && json->find("\"parts\"") != json->npos) return read_native(sample, *json);
  if (json != nullptr && json->find("\"status\"") != json->npos)
    expect_fetched(parse_foreign_json(*json, sample.where), sample.where);
  fail(sample.where, "expected a sample of a known kind, got files {}", names_of(sample));
}

}  // namespace flamingo::document
