#include "flamingo/parallel/job.h"

#include <gtest/gtest.h>

#include <map>

#include "flamingo/core/error.h"

namespace flamingo::parallel {
namespace {

using Variables = std::map<std::string, std::string>;

JobConfig job_of(const Variables& variables) {
  return job_from_environment([&](const char* name) {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  });
}

Variables torchrun() {
  return {{"RANK", "1"},
          {"WORLD_SIZE", "4"},
          {"LOCAL_RANK", "1"},
          {"LOCAL_WORLD_SIZE", "4"},
          {"MASTER_ADDR", "node7"},
          {"MASTER_PORT", "29500"},
          {"TORCHELASTIC_RUN_ID", "abc"},
          {"TORCHELASTIC_RESTART_COUNT", "2"},
          {"TORCHELASTIC_USE_AGENT_STORE", "True"}};
}

TEST(Job, WithoutALauncherIsOneProcess) {
  EXPECT_EQ(job_of({}).ranks, Ranks());
  EXPECT_EQ(job_of({{"MASTER_PORT", "x"}}).ranks.world_size, 1);
}

TEST(Job, ReadsTorchrunsVariables) {
  const JobConfig job = job_of(torchrun());
  EXPECT_EQ(job.ranks, (Ranks{.rank = 1, .world_size = 4, .local_rank = 1}));
  EXPECT_EQ(job.host, "node7");
  EXPECT_EQ(job.port, 29500);
  EXPECT_EQ(job.run, "abc/2");
  EXPECT_TRUE(job.single_node);
  EXPECT_TRUE(job.launcher_has_store);
}

TEST(Job, KnowsWhetherItIsOnOneMachine) {
  Variables variables = torchrun();
  variables["LOCAL_WORLD_SIZE"] = "2";
  EXPECT_FALSE(job_of(variables).single_node);
  variables["MASTER_ADDR"] = "127.0.0.1";
  EXPECT_TRUE(job_of(variables).single_node);
  variables.erase("TORCHELASTIC_USE_AGENT_STORE");
  EXPECT_FALSE(job_of(variables).launcher_has_store);
}

TEST(Job, RefusesMissingAndWrongVariables) {
  for (const char* name : {"MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE"}) {
    Variables variables = torchrun();
    variables.erase(name);
    EXPECT_THROW(job_of(variables), Error) << name;
  }
  for (const char* port : {"", "0", "65536", "29500x", "-1"}) {
    Variables variables = torchrun();
    variables["MASTER_PORT"] = port;
    EXPECT_THROW(job_of(variables), Error) << port;
  }
}

}  // namespace
}  // namespace flamingo::parallel
