// The program in a dialogue, in pipes that close, on full disks and under Ctrl-C.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "flamingo/core/config.h"
#include "tests/core/temporary_folder.h"
#include "tests/e2e/run_flamingo.h"
#include "tests/e2e/running_program.h"

namespace flamingo {
namespace {

using testing::run_command;
using testing::run_flamingo;
using testing::RunningProgram;
using testing::RunResult;

const std::string kIdeficsModel = std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end";
const std::string kModel = " --dtype fp32 -m " + kIdeficsModel + "/model ";
/// An answer of more bytes than a pipe takes, of a kilobyte and more a hundredth of a second; to
/// "yes", this model never ends.
const std::string kLong = kModel + "-n 2000 ";
const std::string kPicture = kIdeficsModel + "/images/tall.png";

std::vector<Json> json_lines(const std::string& text) {
  std::istringstream lines(text);
  std::vector<Json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(Json::parse(line));
  return all;
}

int64_t count(const std::string& text, const std::string& part) {
  int64_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

/// `lines` typed into chat --json: the objects of its turns, and what it told beside them.
struct Dialogue {
  std::vector<Json> turns;
  std::string told;
};

Dialogue chat(const std::string& lines) {
  const testing::TemporaryFolder folder;
  const std::string errors = folder.file("errors");
  RunResult result;
  {
    RunningProgram program("chat --json -n 3" + kModel + "2>" + errors);
    program.say(lines);
    program.end_input();
    result.output = program.output();
    result.status = program.status();
  }
  EXPECT_EQ(result.status, 0);
  return {json_lines(result.output), run_command("cat " + errors).output};
}

TEST(Chat, JsonIsOneObjectATurn) {
  const auto [turns, told] = chat("Hi\n\n/help\nAnd now?\n/quit\nnot read\n");
  ASSERT_EQ(turns.size(), 2u) << told;
  for (const Json& turn : turns) {
    EXPECT_EQ(turn["ids"].size(), 3u);
    EXPECT_EQ(turn["finish_reason"], "length");
    EXPECT_EQ(turn["timings"]["predicted_n"], 3);
  }
}

#ifdef FLAMINGO_MEDIA
TEST(Chat, AWrongPictureIsToldAndForgotten) {
  const auto [turns, told] = chat("/image nofile.png\nHi\n/image   \"" + kPicture +
                                  "\"  \nWhat is it?\n/video nofile.mp4\nAnd now?\n");
  ASSERT_EQ(turns.size(), 3u) << told;
  EXPECT_EQ(count(told, "flamingo: [nofile.png] expected a file"), 1) << told;
  EXPECT_EQ(count(told, "flamingo: [nofile.mp4] expected a file"), 1) << told;
  EXPECT_EQ(turns[0]["timings"]["media_encoded"], 0);
  EXPECT_EQ(turns[1]["timings"]["media_encoded"], 1);
  EXPECT_EQ(turns[2]["timings"]["media_encoded"], 0);
}

TEST(Chat, APictureSeenBeforeIsNotEncodedAgain) {
  const auto turns = chat("/image " + kPicture + "\nHi\n/image '" + kPicture + "'\nHi\n").turns;
  ASSERT_EQ(turns.size(), 2u);
  EXPECT_EQ(turns[1]["timings"]["media_reused"], 1);
}
#endif

TEST(Chat, UnknownCommandsAreToldAndNotSaid) {
  const auto [turns, told] = chat("/foo\n/image\n/video  \n/exit now\n/clear all\n/imagex a\n");
  EXPECT_TRUE(turns.empty());
  for (const char* line :
       {"flamingo: [/foo] expected a command", "flamingo: [/image] expected a path",
        "flamingo: [/video] expected a path", "flamingo: [/exit] expected nothing after it",
        "flamingo: [/clear] expected nothing", "flamingo: [/imagex] expected a command"}) {
    EXPECT_EQ(count(told, line), 1) << line << " in " << told;
  }
  EXPECT_EQ(chat("//foo is a path\n").turns.size(), 1u);
}

TEST(Chat, ATurnThatFailsIsTellableAndLeavesTheDialogueAsItWas) {
  const std::string second = "And now?\n";
  const auto [turns, told] = chat("Hi\n" + std::string(60'000, 'a') + "\n" + second);
  ASSERT_EQ(turns.size(), 3u);
  EXPECT_NE(turns[1]["error"].get<std::string>().find("context"), std::string::npos);
  EXPECT_EQ(turns[2]["ids"], chat("Hi\n" + second).turns[1]["ids"]);
}

TEST(Chat, SaysThatAnAnswerWasCut) {
  const auto result = run_command("echo Hi | " + std::string(FLAMINGO_PROGRAM) + " chat -n 3" +
                                  kModel + "2>&1 >/dev/null");
  EXPECT_NE(result.output.find("cut at 3 tokens; -n"), std::string::npos) << result.output;
}

TEST(Chat, HelpStaysInItsLines) {
  const std::string help = run_flamingo("chat --help").output;
  EXPECT_NE(help.find(R"(--user TEXT="\nUser: ")"), std::string::npos) << help;
  EXPECT_NE(help.find(R"(--assistant TEXT="\nFlamingo:")"), std::string::npos) << help;
}

TEST(CtrlC, EndsTheProgramWhileItLoadsAndAtThePrompt) {
  RunningProgram loading("chat" + kModel);
  loading.wait_until_mapped("model.safetensors");
  loading.signal(SIGINT);
  EXPECT_EQ(loading.status(), 130);

  RunningProgram waiting("chat" + kModel);
  waiting.errors_until("> ");
  waiting.signal(SIGINT);
  EXPECT_EQ(waiting.status(), 130);
}

TEST(CtrlC, EndsTheProgramWhileItReadsItsPrompt) {
  const testing::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("prompt").c_str(), 0600), 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    RunningProgram program("generate" + kModel + "-f " + folder.file("prompt"));
    const int writer = ::open(folder.file("prompt").c_str(), O_WRONLY);  // when it reads
    program.signal(signal);
    EXPECT_EQ(program.status(), 128 + signal);
    ::close(writer);
  }
}

TEST(CtrlC, EndsAnAnswerInGoodOrder) {
  RunningProgram plain("generate" + kLong + "-p yes");
  std::string text = plain.output(1);  // it cannot end before the rest is read
  plain.signal(SIGINT);
  text += plain.output();
  EXPECT_EQ(plain.status(), 130);
  EXPECT_TRUE(text.ends_with('\n'));
  EXPECT_NE(plain.errors().find("decode"), std::string::npos) << "says what was done";
}

TEST(CtrlC, TheSecondEndsTheProgramAtOnce) {
  RunningProgram program("generate" + kLong + "-p yes");
  program.output(1);
  program.signal(SIGINT);
  while (program.is_running()) program.signal(SIGINT);  // its output is not read: it waits
  EXPECT_EQ(program.status(), 130);
}

TEST(CtrlC, EndsAnAnswerOfAChatAlone) {
  RunningProgram program("chat --user '' --assistant ''" + kLong);
  program.errors_until("> ");
  program.say("yes\n");
  std::string answer = program.output(1);
  program.signal(SIGINT);
  program.say("/quit\n");
  answer += program.output();
  EXPECT_EQ(program.status(), 0);
  EXPECT_TRUE(answer.ends_with('\n'));
}

TEST(StandardOutput, AFullDiskEndsTheProgramWithAMessage) {
  const std::vector<std::string> verbs = {
      "generate -p Hi -n 3" + kModel,
      "generate --json -p Hi -n 3" + kModel,
      "generate -p Hi --candidate cat" + kModel,
      "info --preset flamingo-80b",
      "info --config --preset flamingo-80b",
      "info --json --preset flamingo-3b",
      "plan --untimed --json --preset flamingo-3b --device-tflops 100",
      "--help",
      "--version",
      "data check --help"};
  for (const std::string& verb : verbs) {
    const auto result = run_flamingo(verb, "2>&1 >/dev/full");
    EXPECT_EQ(result.status, 2) << verb;
    EXPECT_EQ(result.output,
              "flamingo: [standard output] expected to write, got No space left on device\n")
        << verb;
  }
  const auto closed = run_flamingo("info --preset flamingo-3b", "2>&1 >&-");
  EXPECT_EQ(closed.status, 2);
  EXPECT_EQ(count(closed.output, "[standard output]"), 1) << closed.output;
  const auto dialogue = run_command("printf 'Hi\\nHi\\n' | " + std::string(FLAMINGO_PROGRAM) +
                                    " chat -n 3" + kModel + "2>&1 >/dev/full");
  EXPECT_EQ(dialogue.status, 2);
  EXPECT_EQ(count(dialogue.output, "[standard output]"), 1) << dialogue.output;
}

TEST(StandardOutput, AReaderThatLeavesEndsTheProgramQuietly) {
  RunningProgram answer("generate -p yes" + kLong);
  answer.output(1);
  answer.close_output();
  EXPECT_EQ(answer.errors(), "");
  EXPECT_EQ(answer.status(), 128 + SIGPIPE);
  const std::vector<std::string> verbs = {"generate --json -p Hi -n 3" + kModel,
                                          "info --config --preset flamingo-80b",
                                          "info --preset flamingo-3b", "generate --help"};
  for (const std::string& verb : verbs) {
    RunningProgram program(verb, /*has_reader=*/false);
    EXPECT_EQ(program.errors(), "") << verb;
    EXPECT_EQ(program.status(), 128 + SIGPIPE) << verb;
  }
}

}  // namespace
}  // namespace flamingo
