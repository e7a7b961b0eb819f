#include "flamingo/core/progress.h"

#include <gtest/gtest.h>

#include <string>

namespace flamingo {
namespace {

struct Fixture {
  std::string out;
  double now = 100;
  ProgressOptions options(bool terminal) {
    return {.write = [this](std::string_view text) { out += text; },
            .clock = [this] { return now; },
            .terminal = terminal};
  }
};

TEST(FormatDuration, MinutesHoursAndUnknown) {
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(65.4), "1:05");
  EXPECT_EQ(format_duration(3723), "1:02:03");
  EXPECT_EQ(format_duration(-1), "-:--");
  EXPECT_EQ(format_duration(1e300), "-:--");
}

TEST(Progress, PlainLinesComeAtTheInterval) {
  Fixture f;
  Progress progress("train", 0, 100, f.options(false));
  f.now += 10;
  progress.update(10, "loss 1.5");
  f.now += 5;
  progress.update(15, "loss 1.4");  // too soon
  EXPECT_EQ(f.out, "train 10/100 10%  loss 1.5  1:30 left\n");
  f.now += 5;
  progress.update(20, "loss 1.3");
  EXPECT_EQ(f.out,
            "train 10/100 10%  loss 1.5  1:30 left\ntrain 20/100 20%  loss 1.3  1:20 left\n");
}

TEST(Progress, TimeLeftOfAResumedJobIgnoresEarlierSteps) {
  Fixture f;
  Progress progress("train", 50, 100, f.options(false));
  f.now += 10;
  progress.update(60, "x");
  EXPECT_EQ(f.out, "train 60/100 60%  x  0:40 left\n");
}

TEST(Progress, TheLastStepIsAlwaysShown) {
  Fixture f;
  Progress progress("train", 0, 2, f.options(false));
  progress.update(1, "a");
  progress.update(2, "b");
  EXPECT_EQ(f.out, "train 1/2 50%  a  0:00 left\ntrain 2/2 100%  b  0:00 taken\n");
}

TEST(Progress, TerminalRedrawsOneLine) {
  Fixture f;
  Progress progress("t", 0, 4, f.options(true));
  progress.update(1, "a");
  progress.message("saved");
  progress.update(4, "b");
  progress.finish();
  progress.finish();
  EXPECT_EQ(f.out,
            "\r\x1b[Kt 1/4 [=====>              ] 25%  a  0:00 left"
            "\r\x1b[Ksaved\n"
            "\r\x1b[Kt 4/4 [====================] 100%  b  0:00 taken\n");
}

TEST(Progress, TerminalLineIsCutToItsWidth) {
  Fixture f;
  ProgressOptions options = f.options(true);
  options.columns = 10;
  Progress progress("title", 0, 4, options);
  progress.update(1, "details");
  EXPECT_EQ(f.out, "\r\x1b[Ktitle 1/4");
}

TEST(Progress, WithoutWriterNothingHappens) {
  Progress progress("t", 0, 4, {});
  progress.update(4, "a");
  progress.message("m");
  EXPECT_NO_THROW(progress.finish());
}

}  // namespace
}  // namespace flamingo
