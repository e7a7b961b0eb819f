#include "flamingo/corpus/build_corpus.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/parallel_for.h"
#include "flamingo/core/temporary_file.h"
#include "flamingo/corpus/filter_shard.h"
#include "flamingo/corpus/finish_shard.h"
#include "flamingo/corpus/page_pictures.h"
#include "flamingo/corpus/signature.h"
#include "flamingo/document/document_file.h"
#include "flamingo/io/mapped_file.h"

namespace flamingo::corpus {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMaxReportBytes = 64ull << 20;

class CorpusBuild {
 public:
  CorpusBuild(const CorpusRecipe& recipe, const Ranks& ranks, const BuildHooks& hooks)
      : recipe_(recipe), hooks_(hooks), filter_(recipe), plans_(plan_shards(recipe)) {
    for (const ShardPlan& plan : plans_) files_.emplace_back(recipe.output, plan.name);
    for (size_t i = 0; i < plans_.size(); ++i) {
      if (static_cast<int64_t>(i) % ranks.world_size == ranks.rank) own_.push_back(i);
    }
  }

  BuildResult run() {
    claim_output();
    filter_shards();
    BuildResult result;
    for (const ShardFiles& files : files_) {
      result.waiting_shards += !fs::exists(files.filtered_report);
    }
    if (result.waiting_shards == 0 && !stopped()) finish_shards();
    result.finished =
        std::ranges::all_of(own_, [&](size_t i) { return fs::exists(files_[i].report); });
    for (const size_t i : own_) {
      if (!fs::exists(files_[i].report)) continue;
      result.report.merge(BuildReport::from_json(read_json_file(files_[i].report, kMaxReportBytes),
                                                 files_[i].report));
    }
    return result;
  }

 private:
  bool stopped() const { return hooks_.stop != nullptr && hooks_.stop->load(); }

  /// Makes the folders, without what killed processes left; the recipe beside them must be this
  /// one.
  void claim_output() {
    for (const char* folder : {"/work", "/train", "/held-out", "/report"}) {
      make_folder(recipe_.output + folder);
    }
    const std::string path = recipe_.output + "/recipe.json";
    const std::string recipe = config_to_json(recipe_).dump(1) + "\n";
    if (!fs::exists(path)) write_file_atomic(path, recipe);
    require(read_file(path, kMaxReportBytes) == recipe, recipe_.output,
            "expected a folder built by this recipe, got one built by another",
            Hint{"give another output, or remove the folder"});
    for (const char* folder : {"", "/work", "/train", "/held-out", "/report"})
      remove_dead_temporaries(recipe_.output + folder, [](std::string_view) { return true; });
  }

  void begin_pass(const char* pass) {
    progress_ = {.pass = pass, .shards = std::ssize(own_)};
    show();
  }
  void show() {
    if (hooks_.progress) hooks_.progress(progress_);
  }
  void add_pages(int64_t pages) {
    const std::lock_guard lock(mutex_);
    progress_.pages_done += pages;
    show();
  }
  void shard_done() {
    const std::lock_guard lock(mutex_);
    ++progress_.shards_done;
    show();
  }

  void filter_shards() {
    begin_pass("filter");
    parallel_for(own_.size(), hooks_.threads, [&](size_t i) {
      const size_t shard = own_[i];
      if (stopped()) return;
      if (!fs::exists(files_[shard].filtered_report)) {
        const ShardPlan& plan = plans_[shard];
        const bool from_warc = plan.input->pictures == PictureOrigin::kWarc;
        const auto store = std::make_shared<WarcStore>(from_warc ? WarcStore::kMaxBytes : 0);
        const auto max_bytes = static_cast<uint64_t>(recipe_.page.limits.bytes);
        const auto pages = open_pages(plan, max_bytes, store);
        const auto pictures = page_pictures(recipe_, plan, store);
        filter_shard({.filter = filter_,
                      .plan = plan,
                      .pages = *pages,
                      .pictures = *pictures,
                      .on_pages = [this](int64_t pages) { add_pages(pages); }},
                     files_[shard]);
      }
      shard_done();
    });
  }

  /// One index over all shards, in order; each process judges all pages and finishes its own.
  void finish_shards() {
    begin_pass("deduplicate");
    DuplicateIndex index(recipe_.duplicates);
    add_evaluation_sets(index);
    for (size_t shard = 0; shard < plans_.size() && !stopped(); ++shard) {
      const io::MappedFile file(files_[shard].signatures);
      const auto signatures =
          read_signatures(file.bytes(), recipe_.fingerprints, files_[shard].signatures);
      std::vector<DuplicateVerdict> verdicts;
      for (const Signature& signature : signatures) verdicts.push_back(index.add(signature));
      if (!std::ranges::binary_search(own_, shard)) continue;
      if (!fs::exists(files_[shard].report)) finish_shard(recipe_, verdicts, files_[shard]);
      add_pages(std::ssize(verdicts));
      shard_done();
    }
  }

  void add_evaluation_sets(DuplicateIndex& index) const {
    const ParagraphHasher hasher(recipe_.fingerprints);
    for (const std::string& path : recipe_.evaluation_sets) {
      const auto documents = document::open_documents(path);
      for (int64_t i = 0; i < documents->size(); ++i) {
        document::Document document = documents->read(i);
        std::vector<uint64_t> hashes;
        for (document::MediaItem& media_item : document.media) {
          uint64_t hash = 0;
          if (!filter_.judge_media_item(media_item, hash)) hashes.push_back(hash);
        }
        index.add_evaluation(sign_document(document, hasher, hashes).signature);
      }
    }
  }

  const CorpusRecipe& recipe_;
  const BuildHooks& hooks_;
  PageFilter filter_;
  std::vector<ShardPlan> plans_;
  std::vector<ShardFiles> files_;
  std::vector<size_t> own_;  ///< shards of this process, rising
  std::mutex mutex_;         ///< of progress_
  BuildProgress progress_;
};

}  // namespace

BuildResult build_corpus(const CorpusRecipe& recipe, const Ranks& ranks, const BuildHooks& hooks) {
  recipe.validate();
  return CorpusBuild(recipe, ranks, hooks).run();
}

}  // namespace flamingo::corpus
