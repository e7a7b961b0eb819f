#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flamingo/cli/data.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/train_hooks.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/corpus/picture_overlap.h"
#include "flamingo/pictures/open_pictures.h"
#include "flamingo/pictures/pack.h"
#endif

namespace flamingo::cli {
namespace {

struct PicturesOptions {
  std::string source, output;
  int64_t side = 96;
  std::optional<int> overlaps;
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

std::vector<corpus::PictureOverlap> find_overlaps(const pictures::LabelledPictures& set, int most) {
  Progress progress("hashes", 0, std::ssize(set.pictures()), train_hooks().progress);
  auto overlaps =
      corpus::picture_overlaps(set, pictures::kTrainSplit, most,
                               [&](int64_t done, int64_t) { progress.update(done, "pictures"); });
  progress.finish();
  return overlaps;
}

Json overlaps_json(const pictures::LabelledPictures& set,
                   const std::vector<corpus::PictureOverlap>& overlaps) {
  Json list = Json::array();
  for (const corpus::PictureOverlap& overlap : overlaps) {
    const pictures::LabelledPicture& picture = set.picture(overlap.picture);
    list.push_back({{"picture", set.name(overlap.picture)},
                    {"name", set.class_of(overlap.picture).name},
                    {"split", picture.split},
                    {"style", picture.style},
                    {"like", set.name(overlap.like)},
                    {"like_name", set.class_of(overlap.like).name},
                    {"bits", overlap.distance}});
  }
  return list;
}

std::string overlaps_text(const Json& overlaps) {
  std::string text;
  for (const Json& each : overlaps) {
    text += each["picture"].get<std::string>() + " (" + each["split"].get<std::string>() + ", " +
            each["name"].get<std::string>() + ") is like " + each["like"].get<std::string>() +
            " (" + each["like_name"].get<std::string>() + "), " +
            std::to_string(each["bits"].get<int>()) + " bits\n";
  }
  return text + "overlaps: " + std::to_string(overlaps.size()) +
         " pictures of other splits look like one of training\n";
}

void run_pictures(const PicturesOptions& options) {
  const bool named = options.output.ends_with(".safetensors") || options.output.ends_with(".tar");
  require(options.output.empty() || named, "output",
          "expected a name that ends in .safetensors or .tar, got {}", options.output);
  std::error_code error;
  require(!std::filesystem::equivalent(options.output, options.source, error), "output",
          "expected another file than the source, got {}", options.output);
  const pictures::LabelledPictures set = pictures::open_pictures(options.source);
  Json counts = counts_of(set);
  if (options.overlaps)
    counts["overlaps"] = overlaps_json(set, find_overlaps(set, *options.overlaps));
  if (options.json) {
    print(counts.dump(2) + "\n");
  } else {
    print_format("%s: %zu pictures of %zu classes\n", options.source.c_str(), set.pictures().size(),
                 set.classes().size());
    for (const char* kind : {"splits", "styles", "groups"})
      print_format("%s: %s\n", kind, counts_text(counts[kind]).c_str());
    if (options.overlaps) print(overlaps_text(counts["overlaps"]));
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
  verb->add_option("--overlaps", options->overlaps,
                   "Also say which pictures of other splits look like one of training: perceptual "
                   "hashes that differ in at most so many of 64 bits")
      ->check(CLI::Range(0, 11));
  verb->add_flag("--json", options->json, "Print the counts as JSON");
  set_examples(*verb,
               "  flamingo data pictures my-photos\n"
               "  flamingo data pictures my-photos --overlaps 4\n"
               "  flamingo data pictures list.csv -o photos.safetensors --side 224\n"
               "  flamingo data pictures list.csv -o drawings/photos.tar --side 288");
  verb->callback([options] { run_pictures(*options); });
}

}  // namespace flamingo::cli
