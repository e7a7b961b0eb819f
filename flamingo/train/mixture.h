#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/data/data_source.h"
#include "flamingo/train/collate.h"

namespace flamingo::train {

/// How the sources of a mixture come together in the steps (paper, section 2.4 and table 3, row
/// iii; appendix B.1.4 for merged batches).
///
///   kAccumulate  every source in every step, its loss weighted; one update follows all
///   kRoundRobin  one source a step, in turn
///   kMerged      the sequences of all sources in one batch; weights do not count
enum class MixtureMode { kAccumulate, kRoundRobin, kMerged };
constexpr std::array<std::pair<MixtureMode, const char*>, 3> enum_table(MixtureMode) {
  return {{{MixtureMode::kAccumulate, "accumulate"},
           {MixtureMode::kRoundRobin, "round_robin"},
           {MixtureMode::kMerged, "merged"}}};
}

/// How several sources make one step.
struct MixtureConfig {
  MixtureMode mode = MixtureMode::kAccumulate;
  int64_t micro_batch = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("mode", mode, "accumulate, round_robin or merged");
    v("micro_batch", micro_batch, "sequences that go through the model at once; 0: a whole batch");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
};

/// A source and what its loss counts.
struct TrainSource {
  std::shared_ptr<const data::SequenceSource> source;
  double weight = 1;  ///< lambda_m
};

/// Sequences of one source that go through the model together.
struct MicroBatch {
  size_t source = 0;  ///< index into Mixture::names()
  double weight =
      1;  ///< lambda_m times this micro-batch's share of the source's targets in the step
  FlamingoBatch batch;
};

/// The data of one step.
struct MixtureStep {
  std::vector<MicroBatch> micro_batches;
  std::vector<std::pair<size_t, std::string>> damaged;  ///< source, and what was skipped
  int64_t frames_bad = 0;  ///< of clips that were used, left out because they were damaged
};

/// Paper, equation 3: the weighted sum over datasets of the mean loss per token.
class Mixture {
 public:
  /// Throws Error: no source, two of one name, a weight that is not above 0.
  /// share: which rows of every batch are this process's.
  Mixture(std::vector<TrainSource> sources, const MixtureConfig& config,
          const data::BatchShare& share = {});

  /// Names of what losses are told apart by: the sources', or "merged" alone.
  const std::vector<std::string>& names() const { return names_; }
  /// Depends on `step` only.
  MixtureStep step(int64_t step) const;

 private:
  void add(size_t name, double weight, const std::vector<data::Sequence>& sequences,
           MixtureStep& out) const;

  std::vector<TrainSource> sources_;
  MixtureConfig config_;
  data::BatchShare share_;
  std::vector<std::string> names_;
};

}  // namespace flamingo::train
