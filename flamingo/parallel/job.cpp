#include "flamingo/parallel/job.h"

#include <charconv>
#include <cstdlib>

#include "flamingo/core/error.h"

namespace flamingo::parallel {
namespace {

std::string text_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? "" : value;
}

uint16_t to_port(const std::string& text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  require(error == std::errc() && end == text.data() + text.size() && port > 0, "MASTER_PORT",
          "expected 1 to 65535, got \"{}\"", text,
          Hint{"torchrun sets it; give it by hand elsewhere"});
  return port;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

JobConfig job_from_environment(const Environment& environment) {
  JobConfig config;
  config.ranks = ranks_from_environment(environment);
  if (config.ranks.world_size == 1) return config;
  config.host = text_of(environment, "MASTER_ADDR");
  require(!config.host.empty(), "MASTER_ADDR", "expected the address of rank 0, got nothing",
          Hint{"torchrun sets it; give 127.0.0.1 on a single machine"});
  config.port = to_port(text_of(environment, "MASTER_PORT"));
  config.launcher_has_store = text_of(environment, "TORCHELASTIC_USE_AGENT_STORE") == "True";
  config.single_node = is_loopback(config.host) || text_of(environment, "LOCAL_WORLD_SIZE") ==
                                                       std::to_string(config.ranks.world_size);
  config.run = text_of(environment, "TORCHELASTIC_RUN_ID") + "/" +
               text_of(environment, "TORCHELASTIC_RESTART_COUNT");
  return config;
}

JobConfig job_from_environment() {
  return job_from_environment([](const char* name) { return std::getenv(name); });
}

}  // namespace flamingo::parallel
