#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/eval/embedder.h"
#include "flamingo/eval/few_shot.h"

namespace flamingo::eval {

/// How much is measured.
struct EvalConfig {
  std::string pictures;
  std::vector<FewShotTask> tasks = default_tasks();
  int64_t episodes = 1000;
  int64_t batch = 16;
  uint64_t seed = 1;
  bool controls = true;

  template <class Visitor>
  void visit(Visitor& v) {
    v("pictures", pictures,
      "labelled pictures: a folder of class folders, .jsonl, .csv, .tar shards or packed ones");
    v("tasks", tasks, "what is asked about them");
    v("episodes", episodes, "questions per task");
    v("batch", batch, "questions scored together");
    v("seed", seed, "decides the questions");
    v("controls", controls,
      "also with the query's picture removed and exchanged, and by the encoder alone");
  }
  /// Throws Error when a field is out of its range, or two tasks have one name.
  void validate() const;
};

/// A share of right answers.
struct Accuracy {
  int64_t right = 0;
  int64_t total = 0;

  double value() const {
    return total ? static_cast<double>(right) / static_cast<double>(total) : 0;
  }
  /// Standard error of value().
  double error() const;
};

/// One task's measurement and its controls (total 0 where not measured).
struct TaskResult {
  std::string name;
  double chance = 0;
  double goal = 0;
  Accuracy accuracy;
  Accuracy removed;
  Accuracy exchanged;
  Accuracy encoder;  ///< of the encoder alone (nearest_shots), for tasks with shots

  bool reached() const { return accuracy.value() >= goal; }
  /// Whether both controls lie within 2 standard errors of chance; true where there is no chance.
  bool controls_at_chance() const;
};

/// What an evaluation needs besides the model.
struct EvalData {
  pictures::LabelledPictures set;
  data::SequenceTokens tokens;
  std::vector<int32_t> words;     ///< token ids for made-up labels
  std::vector<int32_t> stop_ids;  ///< each ends a written answer; for open tasks alone
  /// Token ids -> text; for open tasks alone.
  std::function<std::string(std::span<const int32_t>)> decode;
};

/// What the program around an evaluation provides; both may be empty.
struct EvalHooks {
  /// Called with (task, done, total) episodes of the task, controls included.
  std::function<void(const std::string& task, int64_t done, int64_t total)> progress;
  const std::atomic<bool>* stop = nullptr;  ///< ends the task early once true
};

/// Whether `answer` has the words of `name` in it, one after another; punctuation and the case of
/// ASCII letters do not count. False for a name without words.
bool says_name(std::string_view answer, std::string_view name);

/// Runs one task with its controls; the candidate of the highest log probability is the answer
/// (the first, where several are equal), or what the model writes where the task is open. A task
/// that is stopped gives the totals so far. Throws Error on a batch or number of episodes below 1.
TaskResult run_task(const FewShotTask& task, const EvalData& data, Scorer& scorer,
                    const EvalConfig& config, const EvalHooks& hooks = {});

/// The name of run_encoder_task's task.
inline constexpr const char* kEncoderTask = "encoder";

/// The encoder alone: the questions of `task`, without shots, by cosine of the query's picture with
/// the names' embeddings. Its only control is the exchanged picture.
TaskResult run_encoder_task(const FewShotTask& task, const EvalData& data, Embedder& embedder,
                            const EvalConfig& config);

/// The task that the encoder alone can do, the first that names pictures without shots; nothing
/// where there is none.
std::optional<FewShotTask> encoder_task(const std::vector<FewShotTask>& tasks);

/// The named tasks, or all of them when `names` is empty; kEncoderTask is a known name without a
/// task of this kind. Throws Error on an unknown name.
std::vector<FewShotTask> select_tasks(const std::vector<FewShotTask>& tasks,
                                      const std::vector<std::string>& names);

}  // namespace flamingo::eval
