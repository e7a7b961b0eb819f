#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/data/pictogram_set.h"
#include "flamingo/data/sequence.h"
#include "flamingo/eval/scorer.h"

namespace flamingo::eval {

/// What is done to the query's picture, to see that the model uses it.
///   kNone       nothing
///   kRemoved    the query's mark stays, but its tokens see no medium
///   kExchanged  another picture of the same split takes its place, of none of the candidates
enum class EvalControl { kNone, kRemoved, kExchanged };

constexpr std::array<std::pair<EvalControl, const char*>, 3> enum_table(EvalControl) {
  return {{{EvalControl::kNone, "none"},
           {EvalControl::kRemoved, "removed"},
           {EvalControl::kExchanged, "exchanged"}}};
}

/// A kind of question: which of `ways` labels belongs to the query's picture (Twitter's drawing)?
struct EpisodeTask {
  std::string name;
  int64_t ways = 5;
  int64_t shots = 0;  ///< pictures of each candidate in the prompt: OpenMoji's drawings
  data::PictogramSplit split = data::PictogramSplit::kStyle;
  bool made_up = false;  ///< labels are random words instead of names
  double goal = 0;       ///< accuracy to reach

  double chance() const { return 1 / static_cast<double>(ways); }
};

/// The measurements of the default model:
///   naming         five names, second style of seen concepts, no shots
///   binding-1, -2  two made-up words for unseen concepts, 1 or 2 shots of each
///   names          five names of unseen concepts, one shot of each
std::vector<EpisodeTask> default_tasks();

/// One question.
struct EvalEpisode {
  ScoreRequest request;
  int64_t answer = 0;              ///< index of the right candidate
  std::vector<std::string> names;  ///< of the candidates' concepts
  std::vector<int64_t> drawings;   ///< each candidate's drawing in the query's style
  int64_t stand_in = 0;            ///< drawing that kExchanged shows

  /// The drawing that is asked about.
  int64_t query() const { return drawings[static_cast<size_t>(answer)]; }
};

/// Draws episodes of a task. Episode i depends on (seed, task, i) only; the controls of an episode
/// differ in the query's picture alone. All views are clean.
class EpisodeSampler {
 public:
  /// words: token ids for made-up labels.
  /// Throws Error when the set has too few concepts with the drawings that the task needs.
  EpisodeSampler(const data::PictogramSet& set, data::SequenceTokens tokens,
                 std::vector<int32_t> words, EpisodeTask task, uint64_t seed);

  EvalEpisode episode(int64_t index, EvalControl control) const;
  const EpisodeTask& task() const { return task_; }

 private:
  /// A concept that can be asked about.
  struct Entry {
    std::string name;
    int64_t query;                 ///< drawing
    std::vector<int64_t> support;  ///< drawings, one per shot
  };
  /// What is decided before the prompt is written.
  struct Plan {
    std::vector<const Entry*> entries;             ///< one per candidate
    std::vector<std::vector<int32_t>> labels;      ///< token ids
    std::vector<std::pair<size_t, size_t>> shots;  ///< (candidate, shot), in order
    size_t answer = 0;
    int64_t stand_in = 0;  ///< drawing for kExchanged
  };

  Plan plan(int64_t index) const;
  data::Sequence prompt(const Plan& plan, EvalControl control) const;

  data::SequenceTokens tokens_;
  std::vector<int32_t> words_;
  EpisodeTask task_;
  uint64_t seed_;
  std::vector<Entry> entries_;
};

}  // namespace flamingo::eval
