#include "flamingo/train/checkpoint.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/types.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "tests/core/temporary_folder.h"
#include "tests/support/seed.h"

namespace flamingo::train {
namespace {

using testing::TemporaryFolder;

namespace fs = std::filesystem;
constexpr uint64_t kMaxBytes = 1 << 24;

std::vector<NamedTensor> tensors_filled(float value) {
  return {{"parameter/a", torch::full({3, 4}, value)},
          {"moment1/a", torch::full({3, 4}, value + 1)},
          {"parameter/b", torch::full({}, value + 2)}};
}

Json config() { return {{"seed", 1}}; }

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(CheckpointFolder, RestoresWhatWasSaved) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.file("run"), config());
  EXPECT_FALSE(checkpoints.restore(tensors_filled(0)).has_value());
  checkpoints.save(tensors_filled(1),
                   {.step = 10, .updates = 9, .skipped = 1, .skipped_in_row = 1});
  const auto tensors = tensors_filled(0);
  const auto state = checkpoints.restore(tensors);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(config_to_json(*state), config_to_json(RunState{10, 9, 1, 1}));
  const auto expected = tensors_filled(1);
  for (size_t i = 0; i < tensors.size(); ++i)
    EXPECT_TRUE(tensors[i].value.equal(expected[i].value));
}

TEST(CheckpointFolder, KeepsTheNewestTwoAndForeignFiles) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path(), config());
  for (const char* name : {"step-00000001.safetensors.orig", "step-1.safetensors", "notes.txt",
                           "step-0000000a.safetensors"}) {
    write_file_atomic(folder.file(name), "foreign");
  }
  fs::create_directory(folder.file("step-99999999.safetensors"));
  for (int64_t step = 1; step <= 5; ++step) checkpoints.save(tensors_filled(1), {.step = step});
  EXPECT_EQ(checkpoints.list(),
            (std::vector<std::string>{folder.file("step-00000005.safetensors"),
                                      folder.file("step-00000004.safetensors")}));
  EXPECT_EQ(checkpoints.restore(tensors_filled(0))->step, 5);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}), 7);
}

TEST(CheckpointFolder, DamagedFileIsPassedOverWithAMessage) {
  const TemporaryFolder folder;
  std::string messages;
  const CheckpointFolder checkpoints(folder.path(), config(),
                                     [&](std::string_view text) { messages += text; });
  checkpoints.save(tensors_filled(1), {.step = 1});
  checkpoints.save(tensors_filled(2), {.step = 2});
  const std::string newest = folder.file("step-00000002.safetensors");
  const std::string whole = read_file(newest, kMaxBytes);
  std::ofstream(newest, std::ios::binary) << whole.substr(0, whole.size() / 2);
  const auto tensors = tensors_filled(0);
  EXPECT_EQ(checkpoints.restore(tensors)->step, 1);
  EXPECT_TRUE(tensors[0].value.equal(tensors_filled(1)[0].value));
  EXPECT_NE(messages.find(newest), std::string::npos);
}

TEST(CheckpointFolder, EveryFlippedByteIsFound) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path(), config());
  checkpoints.save(tensors_filled(1), {.step = 1});
  const std::string path = folder.file("step-00000001.safetensors");
  const std::string whole = read_file(path, kMaxBytes);
  const size_t json_end = whole.rfind('}') + 1;
  Rng rng(testing::seeded(5));
  for (size_t i = 0; i < whole.size(); ++i) {
    if (i >= json_end && whole[i] == ' ') continue;  // padding behind the JSON carries nothing
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << rng.below(8)));
    std::ofstream(path, std::ios::binary) << damaged;
    EXPECT_THROW(checkpoints.restore(tensors_filled(0)), Error) << "byte " << i;
  }
}

TEST(CheckpointFolder, AnotherRecipeOrModelIsRefused) {
  const TemporaryFolder folder;
  CheckpointFolder(folder.path(), config()).save(tensors_filled(1), {.step = 1});
  const CheckpointFolder other(folder.path(), {{"seed", 2}});
  EXPECT_NE(message_of([&] { other.restore(tensors_filled(0)); }).find("seed 1 instead of 2"),
            std::string::npos);
  EXPECT_NE(
      message_of([&] { other.restore(tensors_filled(0)); }).find("expected a run of this recipe"),
      std::string::npos);
  const CheckpointFolder same(folder.path(), config());
  auto tensors = tensors_filled(0);
  tensors[0].value = torch::zeros({4, 3});
  EXPECT_NE(message_of([&] { same.restore(tensors); }).find("parameter/a"), std::string::npos);
  tensors.pop_back();
  EXPECT_NE(message_of([&] { same.restore(tensors); }).find("expected 2 tensors, got 3"),
            std::string::npos);
}

TEST(CheckpointFolder, FullDiskKeepsTheOldCheckpoint) {
  const TemporaryFolder folder;
  const CheckpointFolder checkpoints(folder.path(), config());
  std::vector<NamedTensor> big = {{"parameter/a", torch::ones({1 << 16})}};
  checkpoints.save(big, {.step = 1});
  std::signal(SIGXFSZ, SIG_IGN);  // a write past the limit fails with EFBIG
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  for (const rlim_t limit : {0, 100, 5000, 200'000}) {
    const rlimit small{limit, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string message = message_of([&] { checkpoints.save(big, {.step = 2}); });
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_NE(message.find("step-00000002.safetensors"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}), 1);
  }
  EXPECT_EQ(checkpoints.restore(big)->step, 1);
}

TEST(CheckpointFolder, AFileInPlaceOfTheFolderIsAnError) {
  const TemporaryFolder folder;
  write_file_atomic(folder.file("file"), "x");
  EXPECT_THROW(CheckpointFolder(folder.file("file/run"), config()), Error);
}

}  // namespace
}  // namespace flamingo::train
