#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "flamingo/cli/data.h"
#include "flamingo/cli/media_limits.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/corpus/document_stats.h"
#include "flamingo/corpus/samples_page.h"
#include "flamingo/document/shard.h"
#endif

namespace flamingo::cli {
namespace {

namespace fs = std::filesystem;

struct ReadOptions {
  std::vector<std::string> files;
  bool decode = false;
  media::MediaLimits limits;
  bool json = false;
};

struct ShowOptions {
  std::string file, output, report;
  int64_t samples = 20;
};

#ifdef FLAMINGO_MEDIA
std::unique_ptr<document::DocumentFile> open_with_warnings(const std::string& path) {
  auto file = document::open_documents(path);
  print_warnings(file->warnings());
  return file;
}

corpus::DocumentStats read_files(const ReadOptions& options) {
  corpus::DocumentStats stats;
  const OrderlyStop stop;
  for (const std::string& path : document::document_paths(options.files)) {
    if (stop_requested()) break;
    const auto file = open_with_warnings(path);
    int64_t done = 0;
    Progress progress(fs::path(path).filename().string(), 0, file->size(), train_hooks().progress);
    corpus::read_all(*file,
                     {.name = path,
                      .decode = options.decode,
                      .limits = options.limits,
                      .on_document = [&] { progress.update(++done, ""); },
                      .stop = &stop_requested()},
                     stats);
    progress.finish();
  }
  return stats;
}

void run_stats(const ReadOptions& options) {
  const corpus::DocumentStats stats = read_files(options);
  if (options.json) {
    print(stats.to_json().dump(1) + "\n");
  } else {
    print(stats.table());
    if (stats.num_problems() > 0) {
      print_format("not usable       %12ld  (%ld damaged; flamingo data check names them)\n",
                   static_cast<long>(stats.num_problems()), static_cast<long>(stats.num_damaged));
    }
  }
}

/// What is wrong with clips that can be used all the same.
void print_damage(const corpus::DocumentStats& stats) {
  for (const std::string& damage : stats.damage) print(damage + "\n");
  if (stats.damaged_clips > 0) {
    print_format("%ld clips are damaged, %ld frames in all; the rest of them is used\n",
                 static_cast<long>(stats.damaged_clips), static_cast<long>(stats.damaged_frames));
  }
  if (stats.partial_clips > 0) {
    print_format("%ld clips were checked in part (--clip-max-decoded)\n",
                 static_cast<long>(stats.partial_clips));
  }
}

void run_check(ReadOptions options) {
  options.decode = true;
  const corpus::DocumentStats stats = read_files(options);
  if (options.json) {
    print(stats.to_json().dump(1) + "\n");
  } else {
    for (const std::string& problem : stats.problems) print(problem + "\n");
    print_damage(stats);
    print_format("%ld documents with %ld media are good, %ld are not",
                 static_cast<long>(stats.documents), static_cast<long>(stats.media),
                 static_cast<long>(stats.num_problems()));
    if (stats.num_problems() > 0) {
      print_format(": %ld damaged, %ld with nothing usable in them",
                   static_cast<long>(stats.num_damaged), static_cast<long>(stats.num_unusable));
    }
    print("\n");
  }
  require(stats.num_damaged == 0, "data check", "expected no damaged document, got {}",
          stats.num_damaged);
}

/// The counters that `flamingo data build` wrote for a shard, if they are where it puts them.
std::string report_of(const std::string& shard) {
  const fs::path path(shard);
  const fs::path report =
      path.parent_path().parent_path() / "report" / (path.stem().string() + ".json");
  return fs::exists(report) ? report.string() : "";
}

void run_show(const ShowOptions& options) {
  const auto file = open_with_warnings(options.file);
  const std::string path = options.report.empty() ? report_of(options.file) : options.report;
  corpus::BuildReport report;
  if (!path.empty()) report = corpus::BuildReport::from_json(read_json_file(path), path);
  const std::string page = corpus::samples_page(
      *file, path.empty() ? nullptr : &report,
      {.title = fs::path(options.file).filename().string(), .samples = options.samples});
  write_file_atomic(options.output, page);
  std::fprintf(stderr, "%s: %zu KB\n", options.output.c_str(), page.size() / 1000);
}
#else
void run_stats(const ReadOptions&) { need_media(); }
void run_check(const ReadOptions&) { need_media(); }
void run_show(const ShowOptions&) { need_media(); }
#endif

std::shared_ptr<ReadOptions> add_read_options(CLI::App& verb) {
  auto options = std::make_shared<ReadOptions>();
  verb.add_option("files", options->files, "Files of documents, or folders of .tar shards")
      ->required();
  verb.add_flag("--json", options->json, "Print JSON");
  return options;
}

}  // namespace

void add_data_check(CLI::App& data) {
  auto* verb = data.add_subcommand(
      "check", "Read every document, verify checksums, decode every picture and clip");
  auto options = add_read_options(*verb);
  add_media_limits(*verb, options->limits);
  set_examples(*verb, "  flamingo data check build/data/m3w/train/*.tar");
  verb->callback([options] { run_check(*options); });
}

void add_data_stats(CLI::App& data) {
  auto* verb = data.add_subcommand("stats", "Count documents, words, pictures and formats");
  auto options = add_read_options(*verb);
  set_examples(*verb, "  flamingo data stats build/data/m3w/train/*.tar");
  verb->callback([options] { run_stats(*options); });
}

void add_data_show(CLI::App& data) {
  auto* verb = data.add_subcommand(
      "show", "Write an HTML page of samples: what was kept, what was dropped and why");
  auto options = std::make_shared<ShowOptions>();
  verb->add_option("file", options->file, "File of documents")->required();
  verb->add_option("-o,--output", options->output, "The page to write")
      ->default_val("documents.html");
  verb->add_option("-n,--samples", options->samples, "Documents to show")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  verb->add_option("--report", options->report,
                   "Counters of the build; found by itself beside a built shard");
  set_examples(*verb, "  flamingo data show build/data/m3w/train/000000.tar -o m3w.html");
  verb->callback([options] { run_show(*options); });
}

}  // namespace flamingo::cli
