#include "flamingo/io/event_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/core/file_size_limit.h"
#include "tests/core/temporary_folder.h"
#include "tests/io/event_reader.h"

namespace flamingo::io {
namespace {

using testing::error_of;
using testing::FileSizeLimit;
using testing::read_events;
using testing::TemporaryFolder;
using Values = std::vector<std::pair<std::string, double>>;

EventSource fixed_source(double seconds = 1700000000.25) {
  return {.clock = [seconds] { return seconds; }, .host = "box"};
}

TEST(EventFile, IsNamedAsTensorBoardExpects) {
  const TemporaryFolder folder;
  const std::string stem =
      folder.file("logs/events.out.tfevents.1700000000.box." + std::to_string(::getpid()));
  const EventFile first(folder.file("logs"), 0, fixed_source());
  const EventFile second(folder.file("logs"), 0, fixed_source());
  EXPECT_EQ(first.path(), stem + ".0");
  EXPECT_EQ(second.path(), stem + ".1");
}

TEST(EventFile, StartsWithTheBytesOfAnyEventFile) {
  const TemporaryFolder folder;
  const EventFile file(folder.path(), 0, {.clock = [] { return 0.0; }, .host = "box"});
  const std::string payload = std::string("\x09\0\0\0\0\0\0\0\0", 9) + "\x1A\x0D" + "brain.Event:2";
  const std::string length("\x18\0\0\0\0\0\0\0", 8);
  const std::string bytes = read_file(file.path(), 1000);
  ASSERT_EQ(bytes.size(), 8 + 4 + payload.size() + 4);
  EXPECT_EQ(bytes.substr(0, 8), length);
  EXPECT_EQ(bytes.substr(8, 4), "\xA3\x7F\x4B\x22");  // as TensorFlow's own files begin
  EXPECT_EQ(bytes.substr(12, payload.size()), payload);
}

TEST(EventFile, EachEventReachesTheFileAtOnce) {
  const TemporaryFolder folder;
  EventFile file(folder.path(), 0, fixed_source());
  EXPECT_EQ(read_events(file.path()).size(), 1u);
  file.write(0, Values{{"loss", 2.5}, {"gate_xattn.0", 0.15}});
  EXPECT_EQ(read_events(file.path()).size(), 2u);
  file.write(300, Values{{"loss", 1e-3}});
  const auto events = read_events(file.path());
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].file_version, "brain.Event:2");
  EXPECT_EQ(events[0].wall_time, 1700000000.25);
  EXPECT_EQ(events[1].step, 0);
  EXPECT_EQ(events[1].scalars,
            (std::map<std::string, float>{{"gate_xattn.0", 0.15f}, {"loss", 2.5f}}));
  EXPECT_EQ(events[2].step, 300);
  EXPECT_EQ(events[2].wall_time, 1700000000.25);
  EXPECT_EQ(events[2].scalars.at("loss"), 1e-3f);
}

TEST(EventFile, KeepsNumbersThatAreNotFiniteAndLargeSteps) {
  const TemporaryFolder folder;
  EventFile file(folder.path(), 0, fixed_source());
  const int64_t last = std::numeric_limits<int64_t>::max();
  file.write(last, Values{{"nan", std::nan("")}, {"inf", -1e300}, {"\xCE\xB1", 1}, {"", 2}});
  const auto events = read_events(file.path());
  EXPECT_EQ(events[1].step, last);
  EXPECT_TRUE(std::isnan(events[1].scalars.at("nan")));
  EXPECT_EQ(events[1].scalars.at("inf"), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(events[1].scalars.at("\xCE\xB1"), 1.0f);
  EXPECT_EQ(events[1].scalars.at(""), 2.0f);
}

TEST(EventFile, AResumedRunAnnouncesItsFirstStep) {
  const TemporaryFolder folder;
  const EventFile file(folder.path(), 100, fixed_source());
  const auto events = read_events(file.path());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[1].session_start);
  EXPECT_EQ(events[1].step, 100);
}

TEST(EventFile, ADamagedByteIsFound) {
  const TemporaryFolder folder;
  EventFile file(folder.path(), 0, fixed_source());
  file.write(7, Values{{"loss", 2.5}});
  std::string bytes = read_file(file.path(), 1000);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 0x10;
    write_file_atomic(folder.file("damaged"), bytes);
    EXPECT_THROW(read_events(folder.file("damaged")), Error) << i;
    bytes[i] ^= 0x10;
  }
}

TEST(EventFile, TheSystemGivesClockAndHost) {
  const TemporaryFolder folder;
  const auto now = [] {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const double before = now();
  const EventFile file(folder.path(), 0);
  const double after = now();
  EXPECT_LE(before, read_events(file.path())[0].wall_time);
  EXPECT_LE(read_events(file.path())[0].wall_time, after);
}

TEST(EventFile, WhatCannotBeWrittenIsAnError) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("file"), "x");
  EXPECT_THROW(EventFile(folder.file("file/logs"), 0), Error);
  EXPECT_THROW(EventFile(folder.path(), -1), Error);
  EventFile file(folder.path(), 0, fixed_source());
  EXPECT_THROW(file.write(-1, Values{}), Error);
  const FileSizeLimit full(60);
  const std::string message = error_of([&] { file.write(1, Values{{"loss", 1}}); });
  EXPECT_NE(message.find(file.path()), std::string::npos) << message;
  EXPECT_NE(message.find("expected to write the file"), std::string::npos) << message;
  EXPECT_NE(error_of([&] {
              const FileSizeLimit fuller(10);
              EventFile(folder.path(), 0, fixed_source());
            }).find("expected to write the file"),
            std::string::npos);
}

/// A run of 4 steps that went on from step 2, as TensorBoard itself sees it.
TEST(EventFile, TensorBoardReadsWhatAResumedRunWrote) {
  const TemporaryFolder folder;
  EventFile first(folder.file("logs"), 0, fixed_source(1700000000));
  for (int step = 0; step < 3; ++step)
    first.write(step, Values{{"loss", 9.0 - step}, {"gate_xattn.0", 0.1 * step}});
  EventFile resumed(folder.file("logs"), 2, fixed_source(1700000100));
  for (int step = 2; step < 4; ++step)
    resumed.write(step, Values{{"loss", 5.0 - step}, {"gate_xattn.0", 0.2 * step}});
  const nlohmann::json expected = {
      {"loss", {{0, 9.0}, {1, 8.0}, {2, 3.0}, {3, 2.0}}},
      {"gate_xattn.0", {{0, 0.0}, {1, 0.1}, {2, 0.4}, {3, 0.6}}},
  };
  write_file_atomic(folder.file("expected.json"), expected.dump());
  const std::string command = "python3 '" FLAMINGO_SOURCE_DIR "/tests/tensorboard/check.py' '" +
                              folder.file("logs") + "' '" + folder.file("expected.json") + "' 2>&1";
  const int status = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(status));
  constexpr int kSkipped = 77, kNoPython = 127;
  if (WEXITSTATUS(status) == kSkipped || WEXITSTATUS(status) == kNoPython)
    GTEST_SKIP() << "TensorBoard is not installed";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace flamingo::io
