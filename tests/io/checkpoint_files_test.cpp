#include "flamingo/io/checkpoint_files.h"

#include <gtest/gtest.h>

#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo::io {
namespace {

using testing::error_of;
using testing::TemporaryFolder;
using Files = std::vector<std::string>;

std::string index_error(const std::string& json) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("model.safetensors.index.json"), json);
  return error_of([&] { checkpoint_files(folder.path()); });
}

TEST(CheckpointFiles, AFileIsItself) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("any.name"), "x");
  EXPECT_EQ(checkpoint_files(folder.file("any.name")), Files{folder.file("any.name")});
  EXPECT_NE(error_of([&] { checkpoint_files(folder.file("no")); }).find("No such file"),
            std::string::npos);
}

TEST(CheckpointFiles, PrefersTheSingleSafetensorsFile) {
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { checkpoint_files(folder.path()); }).find("none of them"),
            std::string::npos);
  write_file_atomic(folder.file("pytorch_model.bin"), "x");
  EXPECT_EQ(checkpoint_files(folder.path()), Files{folder.file("pytorch_model.bin")});
  write_file_atomic(folder.file("model.safetensors"), "x");
  EXPECT_EQ(checkpoint_files(folder.path()), Files{folder.file("model.safetensors")});
}

TEST(CheckpointFiles, ListsEachShardOnce) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("b.safetensors"), "x");
  write_file_atomic(folder.file("a.safetensors"), "x");
  write_file_atomic(
      folder.file("model.safetensors.index.json"),
      R"({"weight_map":{"x":"b.safetensors","y":"a.safetensors","z":"b.safetensors"}})");
  EXPECT_EQ(checkpoint_files(folder.path()),
            (Files{folder.file("a.safetensors"), folder.file("b.safetensors")}));
}

TEST(CheckpointFiles, RefusesShardsThatAreMissingOrElsewhere) {
  EXPECT_NE(index_error(R"({"weight_map":{"x":"a.safetensors"}})").find("No such file"),
            std::string::npos);
  for (const char* bad : {"../a", "/etc/passwd", "a/b", "..", ".", "", "a\\\\b", "a\\u0000b"}) {
    const std::string message = index_error(R"({"weight_map":{"x":")" + std::string(bad) + "\"}}");
    EXPECT_NE(message.find("plain shard file name"), std::string::npos) << bad << message;
  }
}

TEST(CheckpointFiles, RefusesBadIndexFiles) {
  EXPECT_NE(index_error("[]").find("weight_map"), std::string::npos);
  EXPECT_NE(index_error("{}").find("weight_map"), std::string::npos);
  EXPECT_NE(index_error(R"({"weight_map":[]})").find("weight_map"), std::string::npos);
  EXPECT_NE(index_error(R"({"weight_map":{}})").find("empty weight_map"), std::string::npos);
  EXPECT_NE(index_error(R"({"weight_map":{"x":1}})").find("file name for x"), std::string::npos);
  EXPECT_NE(index_error("{").find("valid JSON"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::io
