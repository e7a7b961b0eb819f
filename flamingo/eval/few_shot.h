#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/data/sequence.h"
#include "flamingo/eval/scorer.h"
#include "flamingo/pictures/labelled_pictures.h"

namespace flamingo::eval {

/// What is done to the query's picture, to see that the model uses it.
///   kNone       nothing
///   kRemoved    the query's mark stays, but its tokens see no media item
///   kExchanged  another picture of the same split takes its place, of none of the candidates
enum class EvalControl { kNone, kRemoved, kExchanged };

constexpr std::array<std::pair<EvalControl, const char*>, 3> enum_table(EvalControl) {
  return {{{EvalControl::kNone, "none"},
           {EvalControl::kRemoved, "removed"},
           {EvalControl::kExchanged, "exchanged"}}};
}

/// A kind of question about labelled pictures: which of `ways` labels belongs to the query's
/// picture?
struct FewShotTask {
  std::string name;
  int64_t ways = 5;
  int64_t shots = 0;
  std::string split = "test";
  std::string class_split;
  std::string query_style;
  std::vector<std::string> shot_styles;
  bool made_up = false;
  bool open = false;
  double goal = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("name", name, "what its figures are called");
    v("ways", ways, "labels to choose from");
    v("shots", shots, "pictures of each label in the prompt");
    v("split", split, "which pictures are asked about; shots may be of any split");
    v("class_split", class_split,
      "only classes that have pictures in this split too, such as those that training saw; empty: "
      "all");
    v("query_style", query_style, "style of the pictures asked about; empty: any");
    v("shot_styles", shot_styles,
      "style of each label's first, second, ... shot; none: other pictures of the split, drawn "
      "anew "
      "for each question");
    v("made_up", made_up, "labels are random words instead of names");
    v("open", open,
      "the model writes its answer, which is right when it contains the name as whole words; shots "
      "are then that many named pictures of other classes, all of shot_styles' first");
    v("goal", goal, "accuracy to reach; 0: none");
  }
  /// Throws Error when a field is out of its range.
  void validate() const;
  /// 0 where answers are written.
  double chance() const { return open ? 0 : 1 / static_cast<double>(ways); }
  /// Whether shots show the answers, so that the query can be compared with them.
  bool has_nearest() const { return shots > 0 && !open; }
  /// Classes of an episode.
  int64_t classes() const { return open ? shots + 1 : ways; }
  /// Shots of each class.
  int64_t class_shots() const { return open ? std::min<int64_t>(shots, 1) : shots; }
};

/// The measurements of the default model, on pictograms:
///   naming         five names, second style of seen classes, no shots
///   binding-1, -2  two made-up words for unseen classes, 1 or 2 shots of each
///   names          five names of unseen classes, one shot of each
std::vector<FewShotTask> default_tasks();

/// One question. Of an open one, only the first candidate is asked about, and the others are shown.
struct EvalEpisode {
  ScoreRequest request;
  int64_t answer = 0;                       ///< index of the right candidate
  std::vector<std::string> names;           ///< of the candidates' classes
  std::vector<int64_t> queries;             ///< each candidate's picture that could be asked about
  std::vector<std::vector<int64_t>> shots;  ///< each candidate's pictures
  int64_t stand_in = 0;                     ///< picture that kExchanged shows

  /// The picture that is asked about.
  int64_t query() const { return queries[static_cast<size_t>(answer)]; }
};

/// Draws episodes of a task. Episode i depends on (seed, task, i) only; the controls of an episode
/// differ in the query's picture alone. All views are clean.
class FewShotSampler {
 public:
  /// words: token ids for made-up labels.
  /// Throws Error when the set has too few classes with the pictures that the task needs.
  FewShotSampler(const pictures::LabelledPictures& set, data::SequenceTokens tokens,
                 std::vector<int32_t> words, FewShotTask task, uint64_t seed);

  /// Throws Error when the set has too few classes with the pictures that the task needs.
  static void check(const pictures::LabelledPictures& set, const FewShotTask& task) {
    entries_of(set, task);
  }

  EvalEpisode episode(int64_t index, EvalControl control) const;
  /// All pictures that episodes may show, rising.
  std::vector<int64_t> pictures() const;
  const FewShotTask& task() const { return task_; }

 private:
  /// A class that can be asked about.
  struct Entry {
    std::string name;
    std::vector<int64_t> queries;             ///< pictures to ask about
    std::vector<std::vector<int64_t>> shots;  ///< pictures to choose each shot from
  };
  /// One candidate of a question.
  struct Candidate {
    const Entry* entry = nullptr;
    std::vector<int32_t> label;  ///< token ids
    int64_t query = 0;           ///< picture
    std::vector<int64_t> shots;  ///< pictures
  };
  /// What is decided before the prompt is written.
  struct Plan {
    std::vector<Candidate> candidates;
    std::vector<std::pair<size_t, size_t>> shots;  ///< (candidate, shot), in order
    size_t answer = 0;
    int64_t stand_in = 0;  ///< picture for kExchanged
  };

  /// The classes that a task may ask about.
  static std::vector<Entry> entries_of(const pictures::LabelledPictures& set,
                                       const FewShotTask& task);
  /// The pictures that shots of a class come from; empty where it has too few.
  static std::vector<std::vector<int64_t>> shots_of(const pictures::LabelledPictures& set,
                                                    int64_t class_index, const FewShotTask& task);
  Candidate candidate(const Entry& entry, Rng& rng) const;
  Plan plan(int64_t index) const;
  data::Sequence prompt(const Plan& plan, EvalControl control) const;

  data::SequenceTokens tokens_;
  std::vector<int32_t> words_;
  FewShotTask task_;
  uint64_t seed_;
  std::vector<Entry> entries_;
};

}  // namespace flamingo::eval
