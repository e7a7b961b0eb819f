#include "flamingo/corpus/finish_shard.h"

#include <cstdio>
#include <optional>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/corpus/build_report.h"
#include "flamingo/corpus/signature.h"
#include "flamingo/corpus/url_key.h"
#include "flamingo/document/edit.h"
#include "flamingo/document/shard.h"

namespace flamingo::corpus {
namespace {

class ShardFinisher {
 public:
  ShardFinisher(const CorpusRecipe& recipe, const ShardFiles& files)
      : recipe_(recipe), hasher_(recipe.fingerprints), train_(files.train) {
    if (recipe.held_out > 0) held_out_.emplace(files.held_out);
  }

  void add(const std::string& key, document::Document document, const DuplicateVerdict& verdict) {
    if (!verdict.passed()) {
      drop(document, std::string(enum_name(verdict.rule)), verdict.value);
      return;
    }
    remove_seen(document, verdict);
    if (document.media.empty()) {
      drop(document, "no_picture_left", 0);
      return;
    }
    const int64_t words = document::count_words(document);
    if (words < recipe_.quality.min_words) {
      drop(document, "few_words_left", static_cast<double>(words));
      return;
    }
    report_.keep(std::ssize(document.media), words);
    document::ShardWriter& shard =
        held_out_ && is_held_out(document.url, recipe_.held_out) ? *held_out_ : train_;
    shard.add(key, std::move(document));
  }

  const BuildReport& finish() {
    train_.finish();
    if (held_out_) held_out_->finish();
    return report_;
  }

 private:
  void drop(const document::Document& document, const std::string& rule, double value) {
    char detail[64];
    std::snprintf(detail, sizeof(detail), "%.3g", value);
    report_.drop_page({rule, document.url, detail, document::plain_text(document)},
                      std::ssize(document.media));
  }

  /// Takes out paragraphs first: their places are those of the document that was signed.
  void remove_seen(document::Document& document, const DuplicateVerdict& verdict) {
    if (!verdict.paragraphs.empty()) {
      std::vector<uint32_t> removed;
      for (const Removal& removal : verdict.paragraphs) removed.push_back(removal.index);
      const auto places = sign_document(document, hasher_, {}).places;
      remove_paragraphs(document, places, removed);
    }
    std::vector<bool> keep(document.media.size(), true);
    for (const Removal& removal : verdict.pictures) {
      keep.at(removal.index) = false;
      report_.drop_media_item(
          {std::string(enum_name(removal.rule)), document.media[removal.index].url, "", ""});
    }
    document::keep_media(document, keep);
  }

  const CorpusRecipe& recipe_;
  ParagraphHasher hasher_;
  document::ShardWriter train_;
  std::optional<document::ShardWriter> held_out_;
  BuildReport report_;
};

}  // namespace

void finish_shard(const CorpusRecipe& recipe, std::span<const DuplicateVerdict> verdicts,
                  const ShardFiles& files) {
  const document::TarDocuments filtered(files.filtered);
  require(filtered.size() == std::ssize(verdicts), files.filtered,
          "expected {} pages, as many as signatures, got {}", verdicts.size(), filtered.size());
  ShardFinisher finisher(recipe, files);
  for (int64_t i = 0; i < filtered.size(); ++i) {
    finisher.add(filtered.key(i), filtered.read(i), verdicts[static_cast<size_t>(i)]);
  }
  auto report =
      BuildReport::from_json(read_json_file(files.filtered_report), files.filtered_report);
  report.forget_kept();
  report.merge(finisher.finish());
  write_file_atomic(files.report, report.to_json().dump(1) + "\n");
}

bool is_held_out(std::string_view url, double share) {
  return static_cast<double>(url_key(url) >> 11) * 0x1p-53 < share;
}

}  // namespace flamingo::corpus
