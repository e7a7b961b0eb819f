#include "flamingo/train/encoder_files.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/nn/init.h"
#include "tests/core/temporary_folder.h"

namespace flamingo {
namespace {

using testing::TemporaryFolder;

NfnetConfig tiny() {
  NfnetConfig config;
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
  Nfnet encoder(tiny(), torch::TensorOptions(torch::kFloat32));
  init_weights(*encoder, 3);
  write_encoder(folder.file("e"), tiny(), state_dict_of(*encoder));
  const EncoderFiles files = read_encoder(folder.file("e"));
  EXPECT_EQ(files.hash.size(), 64u);
  auto again = make_encoder(files, torch::kFloat32);
  const auto pixels = torch::linspace(-1, 1, 2 * 3 * 16 * 16).view({2, 3, 16, 16});
  EXPECT_TRUE(again->forward(pixels).equal(encoder->forward(pixels)));
  for (const auto& parameter : again->parameters()) EXPECT_FALSE(parameter.requires_grad());
  EXPECT_FALSE(again->is_training());
}

TEST(EncoderFiles, TheHashTellsEncodersApart) {
  const TemporaryFolder folder;
  std::string hashes[2];
  for (const uint64_t seed : {0, 1}) {
    Nfnet encoder(tiny(), torch::TensorOptions(torch::kFloat32));
    init_weights(*encoder, seed);
    write_encoder(folder.file("e"), tiny(), state_dict_of(*encoder));
    hashes[seed] = read_encoder(folder.file("e")).hash;
  }
  EXPECT_NE(hashes[0], hashes[1]);
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
}  // namespace flamingo
