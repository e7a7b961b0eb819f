#include "flamingo/train/metrics_log.h"

#include <gtest/gtest.h>

#include <cmath>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::train {
namespace {

using testing::TemporaryFolder;

TEST(MetricsLog, OneObjectPerLineInOrder) {
  const TemporaryFolder folder;
  MetricsLog log(folder.file("m.jsonl"), 0);
  log.write(0, {{"loss", 2.5}, {"acc", 0.25}});
  log.write(1, {{"loss", std::nan("")}});
  EXPECT_EQ(read_file(folder.file("m.jsonl"), 1000),
            "{\"step\":0,\"loss\":2.5,\"acc\":0.25}\n{\"step\":1,\"loss\":null}\n");
}

TEST(MetricsLog, AResumedRunReplacesLaterAndTornLines) {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.jsonl");
  write_file_atomic(path, "{\"step\":0}\n{\"step\":1}\n{\"step\":2}\n{\"step\":3,\"lo");
  MetricsLog(path, 2).write(2, {{"x", 1}});
  EXPECT_EQ(read_file(path, 1000), "{\"step\":0}\n{\"step\":1}\n{\"step\":2,\"x\":1.0}\n");
  write_file_atomic(path, "{\"step\":0}\n{\"ste");
  MetricsLog(path, 5).write(5, {});
  EXPECT_EQ(read_file(path, 1000), "{\"step\":0}\n{\"step\":5}\n");
}

TEST(MetricsLog, AMissingFolderIsAnError) {
  const TemporaryFolder folder;
  EXPECT_THROW(MetricsLog(folder.file("none/m.jsonl"), 0), Error);
}

}  // namespace
}  // namespace flamingo::train
