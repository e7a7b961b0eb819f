#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/corpus/duplicate_index.h"
#include "flamingo/corpus/explicit_filter.h"
#include "flamingo/corpus/fingerprint.h"
#include "flamingo/corpus/language.h"
#include "flamingo/corpus/picture_filter.h"
#include "flamingo/corpus/repetition.h"
#include "flamingo/corpus/text_quality.h"
#include "flamingo/crawl/fetch_options.h"
#include "flamingo/html/page.h"

namespace flamingo::corpus {

/// Where a page's pictures are.
enum class PictureOrigin { kWarc, kFolder, kHttp };

constexpr std::array<std::pair<PictureOrigin, const char*>, 3> enum_table(PictureOrigin) {
  return {{{PictureOrigin::kWarc, "warc"},
           {PictureOrigin::kFolder, "folder"},
           {PictureOrigin::kHttp, "http"}}};
}

/// Pages to build from: one or more WARC files, or a folder of HTML files.
struct InputConfig {
  std::string path;
  std::string match = "*.html";
  std::string url;
  PictureOrigin pictures = PictureOrigin::kFolder;
  std::string licence;
  int64_t pages_per_shard = 256;

  template <class Visitor>
  void visit(Visitor& v) {
    v("path", path,
      "WARC file (.warc, .warc.gz, .warc.zst), HTML file, or folder searched for `match`");
    v("match", match, "names of the files of a folder, with * and ?");
    v("url", url, "address that the folder was published under; empty: file: and its path");
    v("pictures", pictures, "where the pictures are: warc (the same file), folder, or http");
    v("licence", licence, "licence of all pages that state none themselves");
    v("pages_per_shard", pages_per_shard, "HTML files in one output shard; a WARC file makes one");
  }
};

/// How an M3W is built (paper, appendix A.3.1): every rule with its threshold.
struct CorpusRecipe {
  std::string output;
  std::vector<InputConfig> inputs;
  double held_out = 0;
  std::vector<std::string> forbidden_uses = {"noai", "noimageai"};
  html::PageOptions page;
  LanguageConfig language;
  ExplicitConfig explicit_content;
  QualityConfig quality;
  RepetitionConfig repetition;
  PictureConfig pictures;
  FingerprintConfig fingerprints;
  DuplicateConfig duplicates;
  std::vector<std::string> evaluation_sets;
  crawl::FetchOptions fetch;

  template <class Visitor>
  void visit(Visitor& v) {
    v("output", output, "folder to write");
    v("inputs", inputs, "where the pages are");
    v("held_out", held_out, "share of pages, by address, that go to held-out shards");
    v("forbidden_uses", forbidden_uses, "robots directives of a page that keep it out");
    v("page", page, "from HTML to text and media");
    v("language", language, "language of the text");
    v("explicit", explicit_content, "explicit content");
    v("quality", quality, "MassiveWeb's rules on quality");
    v("repetition", repetition, "MassiveWeb's rules on repetition");
    v("pictures", pictures, "sizes and contents of pictures");
    v("fingerprints", fingerprints, "how near-equal paragraphs are found");
    v("duplicates", duplicates, "what is done with what was seen before");
    v("evaluation_sets", evaluation_sets,
      "files of documents whose text and pictures must not be in the output");
    v("fetch", fetch, "how pictures are asked for over HTTP");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

}  // namespace flamingo::corpus
