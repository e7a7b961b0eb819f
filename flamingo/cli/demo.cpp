#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "flamingo/cli/demo_prompts.h"
#include "flamingo/cli/output.h"
#include "flamingo/cli/run_options.h"
#include "flamingo/cli/verbs.h"
#include "flamingo/core/file.h"
#include "flamingo/data/sequence.h"
#include "flamingo/generate/ranking.h"
#include "flamingo/media/image.h"
#include "flamingo/pictures/open_pictures.h"

namespace flamingo::cli {
namespace {

struct DemoArguments {
  RunOptions run;
  std::string drawings = "build/data/pictograms.safetensors";
  std::string photographs;
  std::string folder = "build/demo";
  std::string html = "build/demo.html";
  uint64_t seed = 10;
};

#ifdef FLAMINGO_MEDIA

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \n");
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

std::vector<std::string> made_up_words(const text::Tokenizer& tokenizer) {
  std::vector<std::string> words;
  for (const int32_t id : data::one_token_words(tokenizer)) {
    words.push_back(trimmed(tokenizer.decode(std::vector<int32_t>{id})));
  }
  return words;
}

/// "likeliest: bagel 0.82, tiger 0.11", down to 0.01; nothing without candidates.
std::string ranking_text(const std::vector<generate::RankedCandidate>& ranked) {
  std::string text;
  for (const auto& candidate : ranked) {
    if (candidate.probability < 0.005) break;
    char share[16];
    std::snprintf(share, sizeof share, " %.2f", candidate.probability);
    text += (text.empty() ? "likeliest: " : ", ") + candidate.text + share;
  }
  return text;
}

/// What the encoder was shown, pixels [1, 3, S, S], as a picture again.
media::Image encoder_input(const at::Tensor& pixels, const media::TransformConfig& transform) {
  const auto channel = [](const auto& values) {
    return at::tensor(std::vector<float>(values.begin(), values.end())).view({3, 1, 1});
  };
  const at::Tensor rgb = (pixels[0] * channel(transform.std) + channel(transform.mean)) * 255;
  const at::Tensor bytes = rgb.round().clamp(0, 255).to(at::kByte).permute({1, 2, 0}).contiguous();
  const auto* first = bytes.const_data_ptr<uint8_t>();
  return {
      .height = bytes.size(0), .width = bytes.size(1), .pixels = {first, first + bytes.numel()}};
}

PageExample run_prompt(const DemoArguments& options, const Running& running,
                       const DemoPrompt& demo) {
  const generate::ModelBundle& bundle = running.bundle;
  print("  " + prompt_line(demo.prompt));
  generate::Conversation conversation(bundle.model, bundle.tokenizer, running.decoder);
  const auto encoded = generate::encode_prompt(bundle, demo.prompt, options.run.frames);
  const auto result = conversation.generate(encoded, generate_options(options.run, bundle), print);
  std::vector<generate::RankedCandidate> ranked;
  if (!demo.candidates.empty()) {
    ranked =
        generate::rank_candidates(bundle, running.decoder, demo.prompt, encoded, demo.candidates)
            .candidates;
  }
  auto pieces = page_pieces(demo.prompt, options.run.frames.fps);
  if (demo.looked) {
    const auto last = std::ranges::find_if(
        pieces.rbegin(), pieces.rend(), [](const PagePiece& piece) { return !piece.png.empty(); });
    last->png = {media::encode_png(
        encoder_input(encoded.media.back().pixels, bundle.model->config().transform))};
    last->looked = generate::occlusion_map(bundle, running.decoder, demo.prompt, encoded, ranked);
  }
  const std::string said = trimmed(result.text);
  const bool correct = (ranked.empty() ? said : ranked.front().text) == demo.truth;
  const std::string ranking = ranking_text(ranked);
  if (!ranking.empty()) print_format("\n      %s", ranking.c_str());
  print_format("\n      %s true answer: %s   (%s)\n", correct ? "ok   " : "wrong",
               demo.truth.c_str(), timings_text(result.timings).c_str());
  return {.prompt = std::move(pieces),
          .answer = said,
          .ranking = ranking,
          .truth = demo.truth,
          .note = timings_text(result.timings),
          .correct = correct};
}

void run_demo(const DemoArguments& options) {
  DemoPictures pictures{.drawings = pictures::open_pictures(options.drawings)};
  if (!options.photographs.empty())
    pictures.photographs = pictures::open_pictures(options.photographs);
  const Running running = start_model(options.run);
  const generate::ModelBundle& bundle = running.bundle;
  print_format("model %s: %s, loaded in %.2f s\n", options.run.model.c_str(),
               bundle.load_report.c_str(), running.load_s);
  std::vector<PageSection> page;
  for (const auto& section :
       demo_sections(pictures, made_up_words(bundle.tokenizer), options.folder, options.seed)) {
    print_format("\n%s\n", section.title.c_str());
    page.push_back({section.title, section.about, {}});
    for (const auto& demo : section.prompts) {
      page.back().examples.push_back(run_prompt(options, running, demo));
    }
  }
  make_folder(std::filesystem::path(options.html).parent_path());
  write_file_atomic(
      options.html,
      render_page("flamingo",
                  "The default model on pictures and clips that it has never seen: "
                  "what the prompt showed, what it answered, what is true. Of "
                  "photographs and what is compared with them, the redder a part, the more of "
                  "the answer's probability is lost when it is covered.",
                  page));
  print_format("\nthe page with all prompts and pictures: %s\n", options.html.c_str());
}

#else

void run_demo(const DemoArguments&) {
  fail("demo", "expected a build with media libraries, got one built without media",
       Hint{"configure with -DFLAMINGO_MEDIA=ON"});
}

#endif

}  // namespace

void add_demo(CLI::App& app) {
  auto* verb = app.add_subcommand(
      "demo", "Show the default model at work on pictures that it has never seen");
  auto options = std::make_shared<DemoArguments>();
  options->run.generate.max_tokens = 16;
  add_run_options(*verb, options->run);
  verb->add_option("--drawings", options->drawings, "Made by 'flamingo data pictograms'")
      ->capture_default_str();
  verb->add_option("--photographs", options->photographs,
                   "Labelled photographs of things that are drawn, to show first");
  verb->add_option("--folder", options->folder, "Where the prompts' pictures are written")
      ->capture_default_str();
  verb->add_option("--html", options->html, "Page to write")->capture_default_str();
  verb->add_option("--choice", options->seed,
                   "Seed of the choice of pictures (the default shows labels and names right about "
                   "as often as the model card measures)")
      ->capture_default_str();
  set_examples(*verb,
               "  flamingo demo\n  flamingo demo --choice 7 --html /tmp/demo.html\n"
               "  flamingo demo -m runs/mini/mixture/model --drawings build/data/drawings "
               "--photographs .deps/photographs/scikit-image");
  verb->callback([options] { run_demo(*options); });
}

}  // namespace flamingo::cli
