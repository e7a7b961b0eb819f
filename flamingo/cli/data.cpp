#include <cstdio>
#include <filesystem>
#include <memory>

#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/data/pictogram_builder.h"
#endif

namespace flamingo::cli {
namespace {

struct Options {
  std::string sources = ".deps/pictograms";
  std::string output = "build/data/pictograms.safetensors";
  double held_out = 0.4;
};

#ifdef FLAMINGO_MEDIA
void run(const Options& options) {
  PictogramSources sources{.openmoji = options.sources + "/openmoji",
                           .twitter = options.sources + "/twitter",
                           .flags = options.sources + "/flags",
                           .held_out = options.held_out};
  make_folder(std::filesystem::path(options.output).parent_path());
  auto hooks = train_hooks();
  std::unique_ptr<Progress> progress;
  const auto counts = build_pictograms(sources, options.output, [&](int64_t done, int64_t total) {
    if (!progress) progress = std::make_unique<Progress>("drawings", 0, total, hooks.progress);
    progress->update(done, "");
  });
  if (progress) progress->finish();
  std::fprintf(stderr,
               "%s: %ld drawings of %ld concepts (train %ld drawings of %ld, style %ld, unseen "
               "%ld, flags %ld), "
               "%ld skipped\n",
               options.output.c_str(), static_cast<long>(counts.drawings),
               static_cast<long>(counts.concepts), static_cast<long>(counts.train_drawings),
               static_cast<long>(counts.train_concepts), static_cast<long>(counts.style),
               static_cast<long>(counts.unseen), static_cast<long>(counts.flags),
               static_cast<long>(counts.skipped));
}
#else
void run(const Options&) {
  fail("data pictograms", "expected a build with media libraries, got one built without media",
       "configure with -DFLAMINGO_MEDIA=ON");
}
#endif

}  // namespace

void add_data(CLI::App& app) {
  auto* data = app.add_subcommand("data", "Build training data");
  data->require_subcommand(1);
  auto* verb =
      data->add_subcommand("pictograms", "Draw OpenMoji, Twitter emoji and flags into one file");
  auto options = std::make_shared<Options>();
  verb->add_option("--sources", options->sources,
                   "Folder with openmoji/, twitter/ and flags/ (npm packages)")
      ->capture_default_str();
  verb->add_option("-o,--output", options->output, "File to write")->capture_default_str();
  verb->add_option("--held-out", options->held_out, "Share of second drawings kept out of training")
      ->capture_default_str();
  set_examples(
      *verb,
      "  flamingo data pictograms --sources .deps/pictograms -o build/data/pictograms.safetensors");
  verb->callback([options] { run(*options); });
}

}  // namespace flamingo::cli
