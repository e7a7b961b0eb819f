#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace flamingo {

/// Which of the processes of a job this one is.
struct Ranks {
  int64_t rank = 0;        ///< 0 .. world_size - 1
  int64_t world_size = 1;  ///< processes of the job
  int64_t local_rank = 0;  ///< among the processes of this machine

  bool operator==(const Ranks&) const = default;
};

/// Reads a variable of the environment; nullptr where it is not set.
using Environment = std::function<const char*(const char* name)>;

/// The ranks that a launcher gives in the environment, the first that is there:
///
///   torchrun   RANK            WORLD_SIZE            LOCAL_RANK
///   Slurm      SLURM_PROCID    SLURM_NTASKS          SLURM_LOCALID
///   Open MPI   OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK
///   MPICH      PMI_RANK        PMI_SIZE              (local rank 0)
///
/// One process without a launcher. Throws Error: a variable of a pair is missing, is not a whole
/// number, or the rank is not below the size.
Ranks ranks_from_environment(const Environment& environment);
/// The same for this process's own environment.
Ranks ranks_from_environment();

}  // namespace flamingo
