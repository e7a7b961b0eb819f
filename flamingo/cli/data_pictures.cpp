#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "flamingo/cli/data.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/pictures/open_pictures.h"
#include "flamingo/pictures/pack.h"
#endif

namespace flamingo::cli {
namespace {

struct PicturesOptions {
  std::string source, output;
  int64_t side = 96;
  bool json = false;
};

#ifdef FLAMINGO_MEDIA
/// Numbers of pictures by what they are called.
using Counts = std::map<std::string, int64_t>;

Json counts_of(const pictures::LabelledPictures& set) {
  Counts splits, styles, groups;
  for (const pictures::LabelledPicture& picture : set.pictures()) {
    ++splits[picture.split];
    ++styles[picture.style];
    ++groups[set.classes()[static_cast<size_t>(picture.class_index)].group];
  }
  return {{"classes", set.classes().size()},
          {"pictures", set.pictures().size()},
          {"splits", splits},
          {"styles", styles},
          {"groups", groups}};
}

/// "12 train, 3 test"; the largest first, at most ten.
std::string counts_text(const Json& counts) {
  std::multimap<int64_t, std::string, std::greater<>> sorted;
  for (const auto& [name, count] : counts.items())
    sorted.emplace(count.get<int64_t>(), name.empty() ? "(none)" : name);
  constexpr size_t kShown = 10;
  std::string text;
  size_t shown = 0;
  for (const auto& [count, name] : sorted) {
    if (shown++ == kShown) break;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  }
  return sorted.size() > kShown ? text + ", and " + std::to_string(sorted.size() - kShown) + " more"
                                : text;
}

void run_pictures(const PicturesOptions& options) {
  const bool named = options.output.ends_with(".safetensors") || options.output.ends_with(".tar");
  require(options.output.empty() || named, "output",
          "expected a name that ends in .safetensors or .tar, got {}", options.output);
  std::error_code error;
  require(!std::filesystem::equivalent(options.output, options.source, error), "output",
          "expected another file than the source, got {}", options.output);
  const pictures::LabelledPictures set = pictures::open_pictures(options.source);
  const Json counts = counts_of(set);
  if (options.json) {
    print(counts.dump(2) + "\n");
  } else {
    print_format("%s: %zu pictures of %zu classes\n", options.source.c_str(), set.pictures().size(),
                 set.classes().size());
    for (const char* kind : {"splits", "styles", "groups"})
      print_format("%s: %s\n", kind, counts_text(counts[kind]).c_str());
  }
  if (options.output.empty()) return;
  Progress progress("packing", 0, std::ssize(set.pictures()), train_hooks().progress);
  const auto damaged =
      pictures::pack_pictures(set, options.side, options.output,
                              [&](int64_t done, int64_t) { progress.update(done, "pictures"); });
  progress.finish();
  print_warnings(damaged);
}
#else
void run_pictures(const PicturesOptions&) { need_media(); }
#endif

}  // namespace

void add_data_pictures(CLI::App& data) {
  auto* verb = data.add_subcommand(
      "pictures", "Look at labelled pictures: class folders, .jsonl, .csv, .tar; or pack them");
  auto options = std::make_shared<PicturesOptions>();
  verb->add_option("source", options->source, "Folder or file of labelled pictures")->required();
  verb->add_option(
      "-o,--output", options->output,
      "Also write them: packed, which opens at once (.safetensors), or as a shard (.tar)");
  verb->add_option("--side", options->side, "Pixels of a packed picture's side")
      ->check(CLI::Range(8, 1024))
      ->capture_default_str();
  verb->add_flag("--json", options->json, "Print the counts as JSON");
  set_examples(*verb,
               "  flamingo data pictures my-photos\n"
               "  flamingo data pictures list.csv -o photos.safetensors --side 224\n"
               "  flamingo data pictures list.csv -o drawings/photos.tar --side 288");
  verb->callback([options] { run_pictures(*options); });
}

}  // namespace flamingo::cli
