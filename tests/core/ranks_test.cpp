#include "flamingo/core/ranks.h"

#include <gtest/gtest.h>

#include <map>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

Ranks read(const std::map<std::string, std::string>& variables) {
  return ranks_from_environment([&](const char* name) {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  });
}

TEST(Ranks, OneProcessWithoutALauncher) {
  EXPECT_EQ(read({}), (Ranks{0, 1, 0}));
  EXPECT_EQ(read({{"WORLD_SIZE", "8"}}), (Ranks{0, 1, 0}));
}

TEST(Ranks, EachLauncher) {
  EXPECT_EQ(read({{"RANK", "3"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "1"}}), (Ranks{3, 8, 1}));
  EXPECT_EQ(read({{"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "4"}, {"SLURM_LOCALID", "1"}}),
            (Ranks{3, 4, 1}));
  EXPECT_EQ(read({{"OMPI_COMM_WORLD_RANK", "1"},
                  {"OMPI_COMM_WORLD_SIZE", "2"},
                  {"OMPI_COMM_WORLD_LOCAL_RANK", "1"}}),
            (Ranks{1, 2, 1}));
  EXPECT_EQ(read({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}), (Ranks{1, 2, 0}));
}

TEST(Ranks, TorchrunGoesBeforeSlurm) {
  EXPECT_EQ(
      read({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}}),
      (Ranks{1, 2, 0}));
}

TEST(Ranks, RefusesWhatDoesNotFit) {
  EXPECT_THROW(read({{"RANK", "0"}}), Error);
  EXPECT_THROW(read({{"RANK", "2"}, {"WORLD_SIZE", "2"}}), Error);
  EXPECT_THROW(read({{"RANK", "-1"}, {"WORLD_SIZE", "2"}}), Error);
  EXPECT_THROW(read({{"RANK", "1x"}, {"WORLD_SIZE", "2"}}), Error);
  EXPECT_THROW(read({{"RANK", ""}, {"WORLD_SIZE", "2"}}), Error);
  EXPECT_THROW(read({{"RANK", "0"}, {"WORLD_SIZE", "0"}}), Error);
}

}  // namespace
}  // namespace flamingo
