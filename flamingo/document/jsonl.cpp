#include "flamingo/document/jsonl.h"

#include <algorithm>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/crawl/unpack.h"
#include "flamingo/document/foreign_json.h"
#include "flamingo/document/obelics.h"

namespace flamingo::document {
namespace {

std::string unpack_if_packed(const io::MappedFile& file, uint64_t max_bytes) {
  const auto compression = crawl::sniff_compression(file.bytes());
  return compression ? crawl::unpack(file.bytes(), *compression, max_bytes, file.path())
                     : std::string();
}

}  // namespace

JsonlDocuments::JsonlDocuments(const std::string& path, const DocumentFileOptions& options)
    : file_(path),
      options_(options),
      unpacked_(unpack_if_packed(file_, options.max_unpacked_bytes)),
      text_(unpacked_) {
  if (!crawl::sniff_compression(file_.bytes()))
    text_ = {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()};
  text_ = without_byte_order_mark(text_);
  uint64_t number = 0;
  for (uint64_t begin = 0; begin < text_.size(); ++number) {
    const uint64_t end = std::min(text_.find('\n', begin), text_.size());
    if (!ascii_trim(text_.substr(begin, end - begin)).empty())
      lines_.push_back({begin, number + 1});
    begin = end + 1;
  }
  require(!lines_.empty() && ascii_trim(text_.substr(lines_[0].begin)).starts_with('{'), path,
          "expected lines of JSON, got something else",
          Hint{"a compressed tar must be unpacked first"});
}

std::string JsonlDocuments::key(int64_t index) const {
  return "line " + std::to_string(lines_.at(static_cast<size_t>(index)).number);
}

Document JsonlDocuments::read(int64_t index) const {
  const std::string where = file_.path() + ": " + key(index);
  const uint64_t begin = lines_[static_cast<size_t>(index)].begin;
  const std::string_view line = text_.substr(begin, text_.find('\n', begin) - begin);
  require(line.size() <= options_.max_line_bytes, where,
          "expected a line of at most {} bytes, got {}", options_.max_line_bytes, line.size());
  const Json json = parse_foreign_json(line, where);
  if (json.contains("text_list"))
    return mmc4_document(json, where, options_.mmc4, MissingPicture::kKeepAddress);
  require(json.contains("texts") && json.contains("images"), where,
          "expected \"texts\" and \"images\" (OBELICS) or \"text_list\" (mmc4), got neither");
  return obelics_document(obelics_row(json, where), where);
}

}  // namespace flamingo::document
