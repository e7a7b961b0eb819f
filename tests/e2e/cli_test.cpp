// The program as users run it: answers of a reference model, and one-line errors for bad input.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "flamingo/core/config.h"
#include "flamingo/core/file.h"
#include "tests/e2e/run_flamingo.h"
#include "tests/support/rounding.h"
#ifdef FLAMINGO_MEDIA
#include "tests/media/clip_builder.h"
#endif

namespace flamingo {
namespace {

namespace fs = std::filesystem;

using testing::run_command;
using testing::run_flamingo;

const fs::path kIdefics = fs::path(FLAMINGO_GOLDEN_DIR) / "idefics-tiny" / "end-to-end";

/// A scratch folder that goes away.
struct CliTest : ::testing::Test {
  CliTest()
      : folder(fs::temp_directory_path() / ("flamingo_cli_test_" + std::to_string(::getpid()))) {
    fs::create_directories(folder);
  }
  ~CliTest() override { fs::remove_all(folder); }

  std::string generate(const std::string& rest) const {
    return "generate --dtype fp32 -m " + (kIdefics / "model").string() + " " + rest;
  }
  std::string image(const char* name) const { return (kIdefics / "images" / name).string(); }

  /// Expects exit status 2 and one line on stderr that holds each of `parts`.
  static void expect_error(const std::string& arguments, std::initializer_list<const char*> parts) {
    const auto result = run_flamingo(arguments, "2>&1 >/dev/null");
    EXPECT_EQ(result.status, 2) << arguments << "\n" << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
    for (const char* part : parts)
      EXPECT_NE(result.output.find(part), std::string::npos) << part << " in " << result.output;
  }

  /// A copy of the model whose weights `change` may damage.
  std::string copy_of_model(const std::function<void(std::string&)>& change) const {
    const auto copy = folder / "model";
    fs::copy(kIdefics / "model", copy,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    auto bytes = read_file((copy / "model.safetensors").string(), 1 << 30);
    change(bytes);
    fs::permissions(copy / "model.safetensors", fs::perms::owner_all);
    std::ofstream(copy / "model.safetensors", std::ios::binary) << bytes;
    return copy.string();
  }

  fs::path folder;
};

#ifdef FLAMINGO_MEDIA
TEST_F(CliTest, AnswersAsTheReferenceDoes) {
  const auto meta = read_json_file((kIdefics / "meta.json").string());
  const std::string prompt =
      R"(-p 'What is on the table?<image>Answer:' --image )" + image("tall.png") + " -n 12 --json";
  const auto result = run_flamingo(generate(prompt));
  ASSERT_EQ(result.status, 0);
  const auto answer = parse_json(result.output, "output");
  EXPECT_EQ(answer["ids"].size(), 12u);
  EXPECT_EQ(answer["text"], meta["generated_texts"][1]);
}
#endif

TEST_F(CliTest, JsonHasTextReasonAndTimings) {
  const auto result = run_flamingo(generate("-p 'Hello' -n 3 --json"));
  ASSERT_EQ(result.status, 0);
  const auto json = parse_json(result.output, "output");
  for (const char* key : {"text", "ids", "finish_reason", "timings"})
    EXPECT_TRUE(json.contains(key)) << key;
}

TEST_F(CliTest, WeighsGivenAnswers) {
  const auto weigh = [&](const std::string& candidates) {
    const auto result = run_flamingo(generate("-p 'Hello' --json" + candidates));
    EXPECT_EQ(result.status, 0) << candidates;
    std::map<std::string, double> scores;
    double sum = 0;
    const Json output = parse_json(result.output, "output");
    for (const auto& candidate : output.at("candidates")) {
      scores[candidate["text"]] = candidate["log_likelihood"];
      sum += candidate["probability"].get<double>();
    }
    EXPECT_NEAR(sum, 1.0, testing::rounding<double>(testing::kFunction, 1)) << candidates;
    return scores;
  };
  const auto both = weigh(" --candidate cat --candidate '[a dog]'");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both, weigh(" --candidate '[a dog]' --candidate cat"));
  EXPECT_EQ(both.at("cat"), weigh(" --candidate cat").at("cat"));  // the same operations
  EXPECT_NE(both.at("cat"), both.at("[a dog]"));
  expect_error(generate("-p 'Hello' --candidate ' '"), {"candidate", "blank"});
  expect_error(generate("-p 'Hello' --candidate cat --candidate cat"), {"candidate", "twice"});
}

TEST_F(CliTest, PromptsComeFromFilesAndPipes) {
  const auto text_of = [&](const std::string& line) {
    const auto result = run_command(line + " 2>/dev/null");
    EXPECT_EQ(result.status, 0) << line;
    return result.output.empty() ? Json() : parse_json(result.output, line).at("text");
  };
  const std::string program = std::string(FLAMINGO_PROGRAM) + " " + generate("--json -n 8 ");
  const auto from_file = [&](const std::string& name, const std::string& content) {
    write_file_atomic((folder / name).string(), content);
    return text_of(program + "-f " + (folder / name).string());
  };
  const Json expected = text_of(program + "-p 'A dog'");
  const Json with_line_end = text_of(program + "-p 'A dog\n'");
  ASSERT_NE(expected, text_of(program + "-p 'A dog\n\n'"));
  EXPECT_EQ(from_file("none.txt", "A dog"), expected);
  EXPECT_EQ(from_file("one.txt", "A dog\n"), expected) << "as an editor ends it";
  EXPECT_EQ(from_file("windows.txt", "A dog\r\n"), expected);
  EXPECT_EQ(from_file("mark.txt",
                      "\xEF\xBB\xBF"
                      "A dog\n"),
            expected);
  EXPECT_EQ(from_file("two.txt", "A dog\n\n"), with_line_end) << "one line end only";
  EXPECT_EQ(from_file("p.JSON", R"({"query": {"text": "A dog"}})"), expected);
#ifdef FLAMINGO_MEDIA
  EXPECT_EQ(from_file("p.Yml", "query: {text: A dog}"), expected);
#endif
  const std::string one = (folder / "one.txt").string();
  EXPECT_EQ(text_of("cat " + one + " | " + program + "-f -"), expected);
  EXPECT_EQ(text_of(program + "-f - < " + one), expected);
  EXPECT_EQ(text_of("cat " + one + " | " + program + "-f /dev/stdin"), expected);
  EXPECT_EQ(text_of("bash -c '" + program + "-f <(cat " + one + ")'"), expected);
}

TEST_F(CliTest, EmptyAndEndlessPromptsNameTheirSource) {
  expect_error(generate("-p ''"), {"[--prompt]", "empty"});
  expect_error(generate("-f ''"), {"[--file]", "empty"});
  expect_error(generate("-p a -f b"), {"both"});
  expect_error(generate("-f - < /dev/null"), {"[standard input]", "empty"});
  expect_error(generate("-f /dev/zero"), {"[/dev/zero]", "at most 16777216 bytes"});
  write_file_atomic((folder / "line.txt").string(), "\n");
  expect_error(generate("-f " + (folder / "line.txt").string()), {"line.txt]", "empty"});
  write_file_atomic((folder / "p.json").string(), R"({"template": "poem", "query": {}})");
  expect_error(generate("-f " + (folder / "p.json").string()), {"p.json.template]", "caption"});
}

TEST_F(CliTest, OptionsAreJudgedBeforeTheModelIsLoaded) {
  const std::string nowhere = "generate -m /nowhere -p hi ";
  for (const auto& [options, part] : std::initializer_list<std::pair<const char*, const char*>>{
           {"--temp -1", "[--temp] expected a number >= 0, got -1"},
           {"--temp nan", "[generate] --temp: expected a number, got \"nan\""},
           {"--temp ''", "[generate] --temp: expected a number, got \"\""},
           {"--temp 1x", "--temp: expected a number, got \"1x\""},
           {"--top-p ''", "--top-p: expected a number"},
           {"--seed -1", "--seed: expected a whole number >= 0, got \"-1\""},
           {"--seed 18446744073709551616", "--seed: expected a smaller number"},
           {"-n ''", "--predict: expected a whole number, got \"\""},
           {"-n 2.5", "--predict: expected a whole number"},
           {"-n 99999999999999999999", "--predict: expected a smaller number"},
           {"-t ''", "--threads: expected a whole number"},
           {"-t 99999", "[--threads] expected a number in [0, 1024], got 99999"},
           {"--fps 0", "[--fps]"},
           {"--fps ''", "--fps: expected a number"},
           {"--fps 2000", "[--fps] expected a number in (0, 1000], got 2000"},
           {"--frames -3", "[--frames]"},
           {"--frames 65", "[--frames] expected a number in [0, 64], got 65"},
           {"--image-max-pixels 0", "--image-max-pixels: expected a number above 0, got 0"},
           {"--top-k -5", "[--top-k]"},
           {"--top-p 0", "[--top-p]"},
           {"--top-p 1.5", "[--top-p]"},
           {"--min-p 2", "[--min-p]"},
           {"--repeat-penalty 0", "[--repeat-penalty]"},
           {"--threads -1", "[--threads]"},
           {"-n 0", "[--predict]"},
           {"--dtype fp64", "[--dtype]"},
           {"--candidate ''", "[--candidate]"},
           {"--candidate a --candidate a", "[--candidate]"}}) {
    expect_error(nowhere + options, {"flamingo: ", part});
  }
  expect_error("generate -p hi -m ''", {"[--model]"});
  expect_error("chat -m /nowhere --temp -1 < /dev/null", {"[--temp]"});
  expect_error("eval -m /nowhere --threads -1", {"[--threads]"});
}

TEST_F(CliTest, PlansOfNothingAndOfTooMuchAreRefused) {
  const std::string preset = "plan --untimed --preset flamingo-3b --device-tflops 100 ";
  for (const auto& [options, part] : std::initializer_list<std::pair<const char*, const char*>>{
           {"--devices 0", "[plan] --devices: Value 0 not in range 1"},
           {"--tensor-parallel 0", "--tensor-parallel: Value 0 not in range 1"},
           {"--parts 0", "--parts: Value 0 not in range 1"},
           {"--batch 0", "--batch: Value 0 not in range 1"},
           {"--batch 99999999999", "--batch: Value 99999999999 not in range"},
           {"--batch 100000", "[tokens] expected at most 16777216 in all sequences"},
           {"--media 70000", "[media] expected 0 to 65536, got 70000"},
           {"--tokens 9223372036854775807", "--tokens: Value 9223372036854775807 not in range"},
           {"--tokens 4096", "expected at most 2048 tokens, got 4096"},
           {"--device-memory -1", "--device-memory: expected a number above 0, got -1"},
           {"--memory -1", "--memory: expected a number of at least 0, got -1"},
           {"--memory 1e30", "[--memory] expected at most"},
           {"--link-gbps 0", "--link-gbps: expected a number above 0, got 0"},
           {"--devices 2", "[link_gbps] expected more than 0 where 2 devices work together"},
           {"--devices 7 --tensor-parallel 2", "tensor-parallel x data-parallel = 2 x 3, got 7"},
           {"--devices 3 --tensor-parallel 3 --link-gbps 1", "[tensor_parallel]"},
           {"--set train.steps=3", "[--set] expected a recipe"}}) {
    expect_error(preset + options, {"flamingo: ", part});
  }
  expect_error("plan", {"[--preset] expected a model, or a recipe instead, got neither"});
  expect_error("plan a.json --preset flamingo-3b", {"[--preset]", "a.json and flamingo-3b"});
}

TEST_F(CliTest, TheParsersErrorsAreOneLineToo) {
  expect_error("", {"flamingo: [flamingo]", "subcommand", "--help"});
  expect_error("paint", {"flamingo: [flamingo]", "paint"});
  expect_error("generate --colour red", {"flamingo: [generate]", "--colour", "generate --help"});
  expect_error("generate --temp hot", {"flamingo: [generate]", "--temp", "hot"});
  expect_error("generate --decoder slow", {"flamingo: [generate]", "--decoder", "plain"});
  expect_error("data pairs", {"flamingo: [data pairs]", "--output"});
}

TEST_F(CliTest, AnAnswerThatWasCutSaysSo) {
  const auto plain = run_flamingo(generate("-p Hi -n 3"), "2>&1 >/dev/null");
  EXPECT_NE(plain.output.find("cut at 3 tokens; -n"), std::string::npos) << plain.output;
  const auto json = run_flamingo(generate("-p Hi -n 3 --json"));
  EXPECT_EQ(parse_json(json.output, "output")["finish_reason"], "length");
}

TEST_F(CliTest, PrintsU0000AndWhatFollows) {
  const auto before = parse_json(run_flamingo(generate("-p Hi -n 8 --json")).output, "output");
  const int64_t said = before["ids"][1];  // becomes the byte 0
  const std::string model = copy_of_model([](std::string&) {});
  Json tokenizer = read_json_file(model + "/tokenizer.json");
  Json& vocab = tokenizer["model"]["vocab"];
  for (auto& [token, id] : vocab.items()) {
    if (id == said) std::swap(id, vocab["<0x00>"]);
  }
  fs::permissions(model + "/tokenizer.json", fs::perms::owner_all);
  std::ofstream(model + "/tokenizer.json") << tokenizer.dump();
  const std::string answer = "generate --dtype fp32 -p Hi -n 8 -m " + model;
  const auto json = run_flamingo(answer + " --json");
  const std::string text = parse_json(json.output, "output")["text"];
  ASSERT_NE(text.find('\0'), std::string::npos) << text;
  EXPECT_EQ(run_flamingo(answer).output, text + "\n");
}

TEST_F(CliTest, HelpListsExamplesForEveryVerb) {
  for (const char* verb : {"generate", "chat", "demo", "eval", "pretrain-vision", "train", "info",
                           "report", "data build", "data check", "data show", "data stats",
                           "data pictograms", "data pairs", "data pictures"}) {
    const auto result = run_flamingo(std::string(verb) + " --help");
    EXPECT_EQ(result.status, 0) << verb;
    EXPECT_NE(result.output.find("Examples:"), std::string::npos) << verb;
  }
}

TEST_F(CliTest, InfoCountsThePresetsWithoutMemory) {
  const auto result = run_flamingo("info --preset flamingo-80b --json");
  ASSERT_EQ(result.status, 0);
  EXPECT_NE(result.output.find("total"), std::string::npos);
  const auto small = run_flamingo("info -m " + (kIdefics / "model").string()).output;
  EXPECT_EQ(small.find("0.00 GB"), std::string::npos) << small;
  EXPECT_NE(small.find(" MB\n"), std::string::npos) << small;
}

TEST_F(CliTest, InfoDescribesEncodersOfEveryForm) {
  const std::string golden = std::string(FLAMINGO_GOLDEN_DIR);
  const Json tiny = Json::parse(
      run_flamingo("info --json -e " + golden + "/efficientnet-tiny/pypi/model").output);
  EXPECT_EQ(tiny["kind"], "efficientnet");
  EXPECT_EQ(tiny["features"], 4);
  EXPECT_EQ(tiny["sha256"].get<std::string>().size(), 64u);
  const auto lite = run_flamingo("info --encoder efficientnet-lite2").output;
  EXPECT_NE(lite.find("260 x 260 pixels -> 81 features of width 1280"), std::string::npos) << lite;
  EXPECT_NE(run_flamingo("info --config -e " + golden + "/clip-vit-tiny/gelu/hf")
                .output.find("\"clip_vit\""),
            std::string::npos);
  expect_error("info -e " + golden + "/efficientnet-tiny/pypi/model/pytorch_model.bin",
               {"pytorch_model.bin", "efficientnet-lite0 to lite4"});
  expect_error("info -e " + golden + "/torch-zip/training.pt", {"training.pt", "known encoder"});
  expect_error("info -e efficientnet-lite2 --preset flamingo-3b", {"got two"});
}

#ifdef FLAMINGO_MEDIA
TEST_F(CliTest, EvalMeasuresAnEncoderByItself) {
  const std::string encoder = std::string(FLAMINGO_GOLDEN_DIR) + "/efficientnet-tiny/pypi/model";
  for (int shade = 0; shade < 4; ++shade) {
    const fs::path of_class = folder / "pictures" / ("class " + std::to_string(shade));
    fs::create_directories(of_class);
    for (const int64_t width : {20, 30}) {
      media::Image image{.height = 20, .width = width};
      image.pixels.assign(static_cast<size_t>(20 * width * 3), static_cast<uint8_t>(80 * shade));
      std::ofstream(of_class / (std::to_string(width) + ".png"), std::ios::binary)
          << media::encode_png(image);
    }
  }
  const auto write_tasks = [this](const char* tasks) {
    std::ofstream(folder / "tasks.json") << Json{{"pictures", (folder / "pictures").string()},
                                                 {"episodes", 50},
                                                 {"tasks", Json::parse(tasks)}};
  };
  write_tasks(R"([{"name": "shades", "ways": 2, "shots": 1, "split": "train"}])");
  const std::string arguments =
      "eval --encoder '" + encoder + "' --recipe '" + (folder / "tasks.json").string() + "'";
  const auto result = run_flamingo(arguments + " --json");
  ASSERT_EQ(result.status, 0) << result.output;
  const Json report = Json::parse(result.output);
  EXPECT_EQ(report[0]["task"], "shades");
  EXPECT_GT(report[0]["accuracy"], 0.9) << "shades of grey";
  write_tasks(R"([{"name": "naming", "ways": 2, "split": "train"}])");
  expect_error(arguments, {"tasks with shots, or --heads"});
  expect_error(arguments + " -t -1", {"--threads"});
}
#endif

TEST_F(CliTest, MissingModelAndPrompt) {
  expect_error("generate -m /nowhere -p hi", {"/nowhere", "expected a model folder"});
  expect_error(generate(""), {"neither"});
}

TEST_F(CliTest, MorePicturesThanMarksAndTheReverse) {
  expect_error(generate("-p 'no mark' --image " + image("tall.png")), {"0", "1"});
  expect_error(generate("-p '<image><image>x' --image " + image("tall.png")), {"2", "1"});
}

#ifdef FLAMINGO_MEDIA
TEST_F(CliTest, MissingPicture) {
  expect_error(generate("-p '<image>x' --image " + (folder / "none.png").string()), {"none.png"});
  expect_error(generate("-p '<image>x' --image " + folder.string()), {"directory"});
}

TEST_F(CliTest, MediaAreJudgedBeforeTheModelIsLoaded) {
  const std::string broken = copy_of_model([](std::string& bytes) { bytes.resize(100); });
  const auto bad = (folder / "bad.png").string();
  write_file_atomic(bad, "this is no picture");
  const std::string model = "generate --dtype fp32 -m " + broken;
  expect_error(model + " -p '<image>x' --image " + bad, {"bad.png"});
  expect_error(model + " -p '<video>x' --video " + bad, {"bad.png"});
  expect_error(model + " -p '<image>x' --image " + image("tall.png"), {"model.safetensors"});
}

TEST_F(CliTest, ConfusedKindsOfFilesAreNamed) {
  const auto clip = (folder / "clip.mp4").string();
  write_file_atomic(clip, media::encode_video(std::vector(2, media::numbered_frame(1)), 1));
  const std::string picture = image("tall.png");
  expect_error(generate("-p '<image>x' --image " + clip), {"got an MP4 clip", "--video"});
  expect_error(generate("-p '<video>x' --video " + picture), {"got a PNG picture", "--image"});
  expect_error(generate("-f " + picture), {"expected a prompt, got a PNG picture"});
  const auto garbage = (folder / "garbage.bin").string();
  write_file_atomic(garbage, "a\xfe\xff");
  expect_error(generate("-f " + garbage),
               {"expected a prompt, got bytes that are no text in UTF-8"});
  expect_error("data check " + picture, {"expected a tar archive, got a PNG picture"});
  expect_error(generate("-p '<video>x' --video " + clip + " --fps 2 --frames 3"),
               {"--fps excludes --frames"});
}

TEST_F(CliTest, LimitsOfMediaAreOptions) {
  const std::string picture = "-n 1 -p '<image>x' --image " + image("tall.png");
  for (const auto& [limit, part] : std::initializer_list<std::pair<const char*, const char*>>{
           {"--image-max-side 10", "at most 10 pixels"},
           {"--image-max-pixels 10", "at most 10 pixels"},
           {"--image-max-bytes 10", "at most 10 bytes"}})
    expect_error(generate(picture + " " + limit), {"tall.png", part});
  const auto clip = (folder / "clip.mp4").string();
  write_file_atomic(clip, media::encode_video(std::vector(4, media::numbered_frame(1)), 1));
  const std::string video = "-n 1 -p '<video>x' --video " + clip;
  for (const auto& [limit, part] : std::initializer_list<std::pair<const char*, const char*>>{
           {"--clip-max-side 10", "at most 10 pixels"},
           {"--clip-max-pixels 10", "at most 10 pixels"},
           {"--clip-max-bytes 10", "at most 10 bytes"},
           {"--clip-max-packets 2", "at most 2 packets"},
           {"--clip-max-frames 3", "at most 3 frames, got 4"},
           {"--clip-max-decoded 65536", "at most 65536 pixels"}})
    expect_error(generate(video + " " + limit), {"clip.mp4", part});
  // IDEFICS takes no clips, but media are read first.
  expect_error(generate(video + " --clip-max-frames 4"), {"expected images, got a video"});
}

TEST_F(CliTest, DamagedFramesAreToldAsAWarning) {
  const auto clip = (folder / "clip.mp4").string();
  write_file_atomic(clip, media::clip_of({.damage = [](int i) { return i == 15; }}));
  const auto result =
      run_flamingo(generate("-n 1 -p '<video>x' --video " + clip + " --frames 8"), "2>&1");
  EXPECT_EQ(result.status, 2) << "IDEFICS takes no clips, but media are read first";
  EXPECT_NE(result.output.find("warning: " + clip), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("left out"), std::string::npos) << result.output;
}

TEST_F(CliTest, DamagedEmptyHugeAndMislabelledPictures) {
  const auto bytes = read_file(image("tall.png"), 1 << 20);
  const auto bad = (folder / "bad.png").string();
  const auto expect_bad = [&](const std::string& content, const char* part) {
    write_file_atomic(bad, content);
    expect_error(generate("-p '<image>x' --image " + bad), {"bad.png", part});
  };
  expect_bad("", "expected");
  expect_bad(bytes.substr(0, bytes.size() / 2), "expected");
  expect_bad("this is no picture", "expected");
  std::string huge = bytes;
  const std::string side = {0, 0, static_cast<char>(0xc3), 0x50};  // 50,000
  huge.replace(16, 8, side + side);
  expect_bad(huge, "50000");
}
#else
TEST_F(CliTest, WhatNeedsMediaSaysThatTheBuildHasNone) {
  constexpr const char* kReason = "built without media";
  expect_error(generate("-p '<image>x' --image " + image("tall.png")), {kReason});
  expect_error(generate("-p '<video>x' --video clip.mp4"), {kReason});
  expect_error(generate("-f shots.yaml"), {"shots.yaml", kReason});
  for (const char* verb : {"data pictograms", "data pairs -o x", "data check x", "data stats x",
                           "data show x", "data pictures x", "data build --recipe x"}) {
    expect_error(verb, {kReason});
  }
  expect_error("demo", {kReason});
}
#endif

TEST_F(CliTest, DamagedCheckpoints) {
  expect_error("generate -p hi -m " + copy_of_model([](std::string& b) { b.resize(b.size() / 2); }),
               {"model.safetensors"});
  expect_error(
      "generate -p hi -m " + copy_of_model([](std::string& b) { b = "not a checkpoint at all"; }),
      {"model.safetensors"});
  expect_error("generate -p hi -m " + copy_of_model([](std::string& b) {
                 b.replace(b.size() - 4, 4, "\xff\xff\xff\xff");
               }),
               {"model", "NaN"});
  expect_error("generate -p hi --candidate cat -m " + (folder / "model").string(),
               {"model", "NaN"});
}

TEST_F(CliTest, PromptBeyondTheContext) {
  write_file_atomic((folder / "long.txt").string(), std::string(100000, 'a'));
  expect_error(generate("-f " + (folder / "long.txt").string()), {"context"});
}

TEST_F(CliTest, UnknownKeysInRecipes) {
  const auto recipe = (folder / "recipe.json").string();
  write_file_atomic(recipe, R"({"learning_rate": 1})");
  expect_error("train --recipe " + recipe, {"recipe.json", "learning_rate"});
  expect_error("pretrain-vision --recipe " + recipe, {"recipe.json", "learning_rate"});
#ifdef FLAMINGO_MEDIA
  expect_error("data build --recipe " + recipe, {"recipe.json", "learning_rate"});
#endif
}

}  // namespace
}  // namespace flamingo
