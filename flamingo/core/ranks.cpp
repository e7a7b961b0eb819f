#include "flamingo/core/ranks.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

/// Names of the variables of one launcher.
struct Launcher {
  const char* rank;
  const char* world_size;
  const char* local_rank;  ///< nullptr: the launcher gives none
};

constexpr Launcher kLaunchers[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_RANK"},
    {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    {"PMI_RANK", "PMI_SIZE", nullptr},
};

int64_t to_number(const char* name, const char* text) {
  const std::string_view digits = text == nullptr ? "" : text;
  int64_t value = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  require(error == std::errc() && end == digits.data() + digits.size() && value >= 0, name,
          "expected a whole number, got \"{}\"", digits,
          Hint{"the launcher sets it beside its other variables"});
  return value;
}

}  // namespace

Ranks ranks_from_environment(const Environment& environment) {
  for (const Launcher& launcher : kLaunchers) {
    const char* rank = environment(launcher.rank);
    if (rank == nullptr) continue;
    Ranks ranks;
    ranks.rank = to_number(launcher.rank, rank);
    ranks.world_size = to_number(launcher.world_size, environment(launcher.world_size));
    const char* local = launcher.local_rank == nullptr ? nullptr : environment(launcher.local_rank);
    if (local != nullptr) ranks.local_rank = to_number(launcher.local_rank, local);
    require(ranks.rank < ranks.world_size, launcher.rank, "expected a rank below {}, got {}",
            ranks.world_size, ranks.rank);
    return ranks;
  }
  return {};
}

Ranks ranks_from_environment() {
  return ranks_from_environment([](const char* name) { return std::getenv(name); });
}

}  // namespace flamingo
