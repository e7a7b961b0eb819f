#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "CLI/CLI.hpp"
#include "flamingo/core/error.h"
#include "flamingo/golden/kinds.h"

namespace flamingo::golden {
namespace {

struct Kind {
  const char* name;
  bool (*matches)(const fs::path&);
  void (*compare)(const fs::path&, const Options&, Report&);
};

constexpr Kind kKinds[] = {
    {"tokenizer", matches_tokenizer, compare_tokenizer},
    {"preprocessing", matches_preprocessing, compare_preprocessing},
    {"nfnet", matches_nfnet, compare_nfnet},
    {"nfnet_sizes", matches_nfnet_sizes, compare_nfnet_sizes},
    {"efficientnet", matches_efficientnet, compare_efficientnet},
    {"clip", matches_clip, compare_clip},
    {"gguf", matches_gguf, compare_gguf},
    {"gguf_lm", matches_gguf_lm, compare_gguf_lm},
    {"idefics", matches_idefics, compare_idefics},
};

/// Fixtures of formats that this program does not read yet: recognised so that they are counted.
const char* not_supported_yet(const fs::path& folder) {
  if (fs::exists(folder / "checkpoint.pt") && fs::exists(folder / "lm"))
    return "OpenFlamingo checkpoint";
  if (fs::exists(folder / "model" / "config.json") && fs::exists(folder / "inputs.safetensors")) {
    return "language model outside the LLaMA family's GGUF form";
  }
  return nullptr;
}

std::vector<fs::path> subfolders(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Runs one comparison; an exception is a failure of that folder, not of the program.
void compare_guarded(const Kind& kind, const fs::path& folder, const Options& options,
                     Report& report) {
  try {
    kind.compare(folder, options, report);
  } catch (const std::exception& e) {
    report.exact(folder.string() + " (" + kind.name + ")", false, e.what());
  }
}

void walk(const fs::path& folder, const Options& options, Report& report) {
  bool descend = true;
  for (const Kind& kind : kKinds) {
    if (!kind.matches(folder)) continue;
    compare_guarded(kind, folder, options, report);
    descend = descend && std::string_view(kind.name) == "nfnet_sizes";
  }
  if (const char* reason = descend ? not_supported_yet(folder) : nullptr) {
    report.not_supported(folder.string(), reason);
    descend = false;
  }
  if (!descend) return;
  for (const auto& child : subfolders(folder)) walk(child, options, report);
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Compares this program with folders of reference outputs", "flamingo-golden");
  std::vector<std::string> folders;
  Options options;
  options.lm_path = ".deps/lm/SmolLM2-135M-Instruct.Q4_1.gguf";
  app.add_option("folders", folders, "Folders of fixtures")->required();
  app.add_option("--lm", options.lm_path, "GGUF of SmolLM2-135M-Instruct")->capture_default_str();
  app.footer(
      "Examples:\n  flamingo-golden tests/golden/nfnet-tiny\n  flamingo-golden --lm lm.gguf "
      "tests/golden");
  CLI11_PARSE(app, argc, argv);
  Report report;
  for (const auto& folder : folders) {
    require(fs::is_directory(folder), folder, "expected a folder of fixtures, got none");
    const int64_t before = report.compared();
    walk(folder, options, report);
    if (report.compared() == before)
      report.not_supported(folder, "no known kind of fixture inside");
  }
  std::printf("%s\n", report.summary().c_str());
  return report.failed() == 0 ? 0 : 1;
}

}  // namespace flamingo::golden

int main(int argc, char** argv) {
  try {
    return flamingo::golden::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "flamingo-golden: %s\n", e.what());
    return 2;
  }
}
