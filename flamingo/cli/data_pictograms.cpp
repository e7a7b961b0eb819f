#include <cstdio>
#include <filesystem>
#include <memory>

#include "flamingo/cli/data.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/pictogram/builder.h"
#include "flamingo/pictogram/documents.h"
#include "flamingo/pictures/open_pictures.h"
#endif

namespace flamingo::cli {
namespace {

struct PictogramOptions {
  std::string sources = ".deps/pictograms";
  std::string output = "build/data/pictograms.safetensors";
  std::string clipart;
  int64_t side = 80;
  double held_out = 0.4;
  double unseen = 0;
  uint64_t seed = 1;
};

struct PairOptions {
  std::string pictograms = "build/data/pictograms.safetensors";
  std::string output;
  bool clips = false;
  int64_t side = 96;
  int64_t documents = 0;
  int64_t per_shard = 1000;
  uint64_t seed = 1;
};

#ifdef FLAMINGO_MEDIA
/// A progress line that begins with the first call.
class LazyProgress {
 public:
  explicit LazyProgress(std::string title) : title_(std::move(title)) {}
  ~LazyProgress() {
    if (progress_) progress_->finish();
  }
  void update(int64_t done, int64_t total) {
    if (!progress_) {
      progress_ = std::make_unique<Progress>(title_, done - 1, total, train_hooks().progress);
    }
    progress_->update(done, "");
  }

 private:
  std::string title_;
  std::unique_ptr<Progress> progress_;
};

void run_pictograms(const PictogramOptions& options) {
  const bool large = options.side > pictogram::kSide;  // than the drawings of 64 pixels are for
  const pictogram::Sources sources{.openmoji = options.sources + "/openmoji",
                                   .twitter = options.sources + "/twitter",
                                   .twemoji = large ? options.sources + "/twemoji" : "",
                                   .flags = options.sources + "/flags",
                                   .clipart = options.clipart,
                                   .side = options.side,
                                   .held_out = options.held_out,
                                   .unseen = options.unseen,
                                   .seed = options.seed};
  make_folder(std::filesystem::path(options.output).parent_path());
  pictogram::Counts counts;
  {
    LazyProgress progress("drawings");
    counts = pictogram::build_pictograms(sources, options.output, [&](int64_t done, int64_t total) {
      progress.update(done, total);
    });
  }
  std::fprintf(stderr,
               "%s: %ld drawings of %ld classes (train %ld drawings of %ld, style %ld, unseen "
               "%ld, flags %ld), "
               "%ld skipped\n",
               options.output.c_str(), static_cast<long>(counts.drawings),
               static_cast<long>(counts.classes), static_cast<long>(counts.train_drawings),
               static_cast<long>(counts.train_classes), static_cast<long>(counts.style),
               static_cast<long>(counts.unseen), static_cast<long>(counts.flags),
               static_cast<long>(counts.skipped));
}

void run_pairs(const PairOptions& options) {
  const pictures::LabelledPictures set = pictures::open_pictures(options.pictograms);
  LazyProgress progress(options.clips ? "clips" : "pairs");
  pictogram::write_pair_shards(set, options.output,
                               {.clips = options.clips,
                                .clip_side = options.side,
                                .documents = options.documents,
                                .documents_per_shard = options.per_shard,
                                .seed = options.seed},
                               [&](int64_t done, int64_t total) { progress.update(done, total); });
}
#else
void run_pictograms(const PictogramOptions&) { need_media(); }
void run_pairs(const PairOptions&) { need_media(); }
#endif

}  // namespace

void add_data_pictograms(CLI::App& data) {
  auto* verb =
      data.add_subcommand("pictograms", "Draw OpenMoji, Twitter emoji, flags and OpenClipart");
  auto options = std::make_shared<PictogramOptions>();
  verb->add_option("--sources", options->sources,
                   "Folder with openmoji/, twitter/ and flags/ (npm packages); twemoji/ too for "
                   "more than 80 pixels")
      ->capture_default_str();
  verb->add_option("-o,--output", options->output,
                   "File to write (.safetensors), else a folder of shards")
      ->capture_default_str();
  verb->add_option("--clipart", options->clipart, "Folder of Debian's openclipart-svg, drawn too");
  verb->add_option("--side", options->side, "Pixels of a drawing's side")->capture_default_str();
  verb->add_option("--held-out", options->held_out, "Share of second drawings kept out of training")
      ->capture_default_str();
  verb->add_option("--unseen", options->unseen,
                   "Share of families of things (cats, bridges) kept out of training; 0: all "
                   "animals and food")
      ->capture_default_str();
  verb->add_option("-s,--seed", options->seed, "Decides what is kept out")->capture_default_str();
  set_examples(
      *verb,
      "  flamingo data pictograms --sources .deps/pictograms -o build/data/pictograms.safetensors\n"
      "  flamingo data pictograms --side 288 --clipart .deps/clipart --unseen 0.2 "
      "-o build/data/drawings");
  verb->callback([options] { run_pictograms(*options); });
}

void add_data_pairs(CLI::App& data) {
  auto* verb = data.add_subcommand(
      "pairs", "Write captioned pictograms, or clips of moving ones, as shards of documents");
  auto options = std::make_shared<PairOptions>();
  verb->add_option("--pictograms", options->pictograms, "Labelled pictures")->capture_default_str();
  verb->add_option("-o,--output", options->output, "Folder of shards to write")->required();
  verb->add_flag("--clips", options->clips, "8-second clips whose captions say what moves how");
  verb->add_option("--side", options->side, "Pixels of a clip's side")->capture_default_str();
  verb->add_option("-n,--documents", options->documents,
                   "How many; 0: one for each training drawing")
      ->capture_default_str();
  verb->add_option("--per-shard", options->per_shard, "Documents of a shard")
      ->capture_default_str();
  verb->add_option("-s,--seed", options->seed, "Decides order, captions and motions")
      ->capture_default_str();
  set_examples(*verb,
               "  flamingo data pairs -o build/data/pairs\n"
               "  flamingo data pairs --clips -n 2000 -o build/data/clips");
  verb->callback([options] { run_pairs(*options); });
}

}  // namespace flamingo::cli
