#pragma once

#include <cstdint>
#include <string>

#include "flamingo/core/ranks.h"

namespace flamingo::parallel {

/// How a process finds the others of its job.
struct JobConfig {
  Ranks ranks;
  std::string host = "127.0.0.1";  ///< of the process that keeps the store: rank 0's, or a launcher
  uint16_t port = 0;
  bool single_node = true;          ///< all on this machine: nothing listens beyond loopback
  bool launcher_has_store = false;  ///< rank 0 connects too, as the others do
  std::string run;                  ///< tells a restarted job's keys from those of its last try
  double timeout = 60;              ///< seconds, of every collective
  double heartbeat_timeout = 30;    ///< seconds of silence after which a process counts as lost
};

/// The longest JobConfig::timeout: a lost process must not hold the others for longer.
constexpr double kMaxJobTimeout = 60;

/// What torchrun and its kind set: the ranks (core/ranks.h) and, with more than one process,
/// MASTER_ADDR, MASTER_PORT; LOCAL_WORLD_SIZE tells whether they are all on this machine,
/// TORCHELASTIC_USE_AGENT_STORE, _RUN_ID and _RESTART_COUNT who keeps the store.
/// Throws Error on a missing or wrong variable.
JobConfig job_from_environment(const Environment& environment);
/// The same for this process's own environment.
JobConfig job_from_environment();

}  // namespace flamingo::parallel
