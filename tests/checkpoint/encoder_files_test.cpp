#include "flamingo/checkpoint/encoder_files.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/nn/init.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::checkpoint {
namespace {

using testing::TemporaryFolder;

vision::NfnetConfig tiny() {
  vision::NfnetConfig config;
  config.image_size = 16;
  config.stem_channels = {8};
  config.stem_strides = {2};
  config.depths = {1};
  config.widths = {16};
  config.strides = {2};
  config.group_width = 0;
  config.final_width = 0;
  config.skip_gain_init = 0.5;
  return config;
}

TEST(EncoderFiles, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  vision::Nfnet encoder(tiny(), torch::TensorOptions(torch::kFloat32));
  nn::init_weights(*encoder, 3);
  write_encoder(folder.file("e"), tiny(), state_dict_of(*encoder));
  const EncoderFiles files = read_encoder(folder.file("e"));
  EXPECT_EQ(files.hash.size(), 64u);
  const auto again = files.config.make(torch::TensorOptions(torch::kFloat32));
  load_into(*again, files.weights, {}, "e");
  const auto pixels = torch::linspace(-1, 1, 2 * 3 * 16 * 16).view({2, 3, 16, 16});
  EXPECT_TRUE(again->forward(pixels).equal(encoder->forward(pixels)));
  EXPECT_EQ(files.transform.size, 16);
}

TEST(EncoderFiles, TheHashTellsEncodersApart) {
  const TemporaryFolder folder;
  std::string hashes[2];
  for (const uint64_t seed : {0, 1}) {
    vision::Nfnet encoder(tiny(), torch::TensorOptions(torch::kFloat32));
    nn::init_weights(*encoder, seed);
    write_encoder(folder.file("e"), tiny(), state_dict_of(*encoder));
    hashes[seed] = read_encoder(folder.file("e")).hash;
  }
  EXPECT_NE(hashes[0], hashes[1]);
}

TEST(EncoderFiles, ReadsClipFoldersOfBothKinds) {
  const std::string golden = std::string(FLAMINGO_SOURCE_DIR) + "/tests/golden/clip-vit-tiny/gelu/";
  for (const std::string form : {"hf", "open_clip"}) {
    const EncoderFiles files = read_encoder(golden + form);
    ASSERT_EQ(files.config.name(), "clip_vit") << form;
    const auto clip = files.config.make(torch::TensorOptions(torch::kFloat32));
    EXPECT_NO_THROW(load_into(*clip, files.weights, {}, form));
    const int64_t side = files.config.image_size();
    EXPECT_EQ(files.transform.size, side);
    EXPECT_EQ(clip->forward(torch::zeros({1, 3, side, side})).size(2), files.config.dim());
  }
}

TEST(EncoderFiles, MissingOrForeignFoldersAreErrors) {
  const TemporaryFolder folder;
  EXPECT_THROW(read_encoder(folder.file("none")), Error);
  write_file_atomic(folder.file("config.json"), "{\"model_type\": \"clip\"}");
  EXPECT_THROW(read_encoder(folder.path()), Error);
  write_file_atomic(folder.file("config.json"), "{\"nfnet\": {}}");
  EXPECT_THROW(read_encoder(folder.path()), Error);
}

}  // namespace
}  // namespace flamingo::checkpoint
