#include "flamingo/eval/runner.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"

namespace flamingo::eval {
namespace {

constexpr double kEncoderGoal = 0.88;
constexpr int64_t kMaxAnswer = 16;  // tokens of a written answer

int64_t best(const std::vector<double>& scores) {
  return std::ranges::max_element(scores) - scores.begin();
}

/// Its letters and digits in lower case, words between single spaces: " red apple ".
std::string spaced_words(std::string_view text) {
  std::string words = " ";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || byte >= 0x80) {
      words += static_cast<char>(std::tolower(byte));
    } else if (words.back() != ' ' && c != '\'') {
      words += ' ';
    }
  }
  return words.back() == ' ' ? words : words + ' ';
}

/// Which of the episodes are answered rightly, by the likeliest candidate or by what is written.
std::vector<bool> answered(const FewShotTask& task, const EvalData& data,
                           std::span<const EvalEpisode> episodes, Scorer& scorer) {
  std::vector<ScoreRequest> requests;
  for (const EvalEpisode& episode : episodes) requests.push_back(episode.request);
  std::vector<bool> right;
  if (task.open) {
    const auto answers = scorer.write(requests, data.stop_ids, kMaxAnswer);
    for (size_t i = 0; i < answers.size(); ++i)
      right.push_back(says_name(data.decode(answers[i]), episodes[i].names.front()));
  } else {
    const auto scores = scorer.score(requests);
    for (size_t i = 0; i < scores.size(); ++i)
      right.push_back(best(scores[i]) == episodes[i].answer);
  }
  return right;
}

bool near_chance(const Accuracy& accuracy, double chance) {
  if (accuracy.total == 0 || chance == 0) return true;
  const double error = std::sqrt(chance * (1 - chance) / static_cast<double>(accuracy.total));
  return std::abs(accuracy.value() - chance) <= 2 * error;
}

/// Unit-length rows: pictures that may be asked about, and the names of what they show.
struct Embeddings {
  at::Tensor names;     ///< [N, E]
  at::Tensor pictures;  ///< [N, E]
};

at::Tensor unit_rows(const at::Tensor& rows, int64_t count, const char* name) {
  expect_shape(rows, {count, kAny}, name);
  const at::Tensor exact = rows.to(at::kFloat);
  return exact / exact.norm(2, {1}, true).clamp_min(1e-12);
}

Embeddings embed_pictures(const pictures::LabelledPictures& set,
                          const std::vector<int64_t>& pictures, Embedder& embedder) {
  std::vector<std::string> names;
  std::vector<data::ViewRef> views;
  for (const int64_t picture : pictures) {
    names.push_back(set.class_of(picture).name);
    views.push_back({picture, 0});
  }
  const auto count = std::ssize(names);
  return {unit_rows(embedder.embed_texts(names), count, "text embeddings"),
          unit_rows(embedder.embed_pictures(views), count, "picture embeddings")};
}

}  // namespace

bool says_name(std::string_view answer, std::string_view name) {
  const std::string words = spaced_words(name);
  return words != " " && spaced_words(answer).find(words) != std::string::npos;
}

double Accuracy::error() const {
  return total ? std::sqrt(value() * (1 - value()) / static_cast<double>(total)) : 0;
}

bool TaskResult::controls_at_chance() const {
  return near_chance(removed, chance) && near_chance(exchanged, chance);
}

void EvalConfig::validate() const {
  require_within("eval", "episodes", episodes, 1, int64_t{1} << 40);
  require_within("eval", "batch", batch, 1, 1 << 16);
  std::set<std::string> names;
  for (const FewShotTask& task : tasks) {
    task.validate();
    require(names.insert(task.name).second, "eval.tasks",
            "expected a name for each task, got \"{}\" twice", task.name);
  }
}

TaskResult run_task(const FewShotTask& task, const EvalData& data, Scorer& scorer,
                    const EvalConfig& config, const EvalHooks& hooks) {
  config.validate();
  require(!task.open || (data.decode && !data.stop_ids.empty()), "tasks." + task.name,
          "expected tokens that end an answer and their text, got none");
  const FewShotSampler sampler(data.set, data.tokens, data.words, task, config.seed);
  TaskResult result{.name = task.name, .chance = task.chance(), .goal = task.goal};
  std::vector<std::pair<EvalControl, Accuracy*>> parts = {{EvalControl::kNone, &result.accuracy}};
  if (config.controls) {
    parts.emplace_back(EvalControl::kRemoved, &result.removed);
    parts.emplace_back(EvalControl::kExchanged, &result.exchanged);
  }
  const int64_t total = config.episodes * std::ssize(parts);
  int64_t done = 0;
  for (const auto& [control, accuracy] : parts) {
    for (int64_t first = 0; first < config.episodes; first += config.batch) {
      if (hooks.stop && *hooks.stop) return result;
      const int64_t last = std::min(first + config.batch, config.episodes);
      std::vector<EvalEpisode> episodes;
      for (int64_t i = first; i < last; ++i) episodes.push_back(sampler.episode(i, control));
      accuracy->right += std::ranges::count(answered(task, data, episodes, scorer), true);
      accuracy->total += last - first;
      done += last - first;
      if (hooks.progress) hooks.progress(task.name, done, total);
    }
  }
  return result;
}

std::optional<FewShotTask> encoder_task(const std::vector<FewShotTask>& tasks) {
  const auto it = std::ranges::find_if(tasks, [](const FewShotTask& task) {
    return task.shots == 0 && !task.made_up && !task.open;
  });
  if (it == tasks.end()) return {};
  FewShotTask task = *it;
  task.name = kEncoderTask;
  task.goal = task.goal > 0 ? kEncoderGoal : 0;
  return task;
}

TaskResult run_encoder_task(const FewShotTask& task, const EvalData& data, Embedder& embedder,
                            const EvalConfig& config) {
  config.validate();
  const FewShotSampler sampler(data.set, data.tokens, data.words, task, config.seed);
  const auto pictures = data.set.pictures_in(task.split);
  std::map<int64_t, int64_t> row_of;  // by picture
  for (const int64_t picture : pictures) row_of.emplace(picture, std::ssize(row_of));
  const Embeddings embeddings = embed_pictures(data.set, pictures, embedder);
  const at::Tensor similar = embeddings.pictures.matmul(embeddings.names.t()).contiguous();
  const auto cosine = similar.accessor<float, 2>();  // [picture, name]
  TaskResult result{.name = task.name, .chance = task.chance(), .goal = task.goal};
  const auto answer_with = [&](const EvalEpisode& episode, int64_t picture) {
    std::vector<double> scores;
    for (const int64_t candidate : episode.queries) {
      scores.push_back(cosine[row_of.at(picture)][row_of.at(candidate)]);
    }
    return best(scores) == episode.answer;
  };
  for (int64_t i = 0; i < config.episodes; ++i) {
    const EvalEpisode episode = sampler.episode(i, EvalControl::kNone);
    result.accuracy.right += answer_with(episode, episode.query());
    result.exchanged.right += answer_with(episode, episode.stand_in);
  }
  result.accuracy.total = result.exchanged.total = config.episodes;
  return result;
}

std::vector<FewShotTask> select_tasks(const std::vector<FewShotTask>& tasks,
                                      const std::vector<std::string>& names) {
  if (names.empty()) return tasks;
  std::vector<FewShotTask> chosen;
  for (const std::string& name : names) {
    if (name == kEncoderTask) continue;
    const auto it = std::ranges::find(tasks, name, &FewShotTask::name);
    if (it == tasks.end()) {
      std::string known;
      for (const FewShotTask& task : tasks) known += task.name + ", ";
      fail("eval.tasks", "expected {}or {}, got \"{}\"", known, kEncoderTask, name);
    }
    chosen.push_back(*it);
  }
  return chosen;
}

}  // namespace flamingo::eval
