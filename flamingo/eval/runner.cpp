#include "flamingo/eval/runner.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"

namespace flamingo::eval {
namespace {

constexpr const char* kEncoderTask = "encoder";

void check_config(const EvalConfig& config) {
  require(config.episodes >= 1, "eval.episodes", "expected at least 1, got {}", config.episodes);
  require(config.batch >= 1, "eval.batch", "expected at least 1, got {}", config.batch);
}

int64_t best(const std::vector<double>& scores) {
  return std::ranges::max_element(scores) - scores.begin();
}

/// Scores episodes [first, last) and counts the right answers.
void add_batch(const EpisodeSampler& sampler, EvalControl control,
               std::pair<int64_t, int64_t> range, Scorer& scorer, Accuracy& accuracy) {
  std::vector<ScoreRequest> requests;
  std::vector<int64_t> answers;
  for (int64_t index = range.first; index < range.second; ++index) {
    EvalEpisode episode = sampler.episode(index, control);
    requests.push_back(std::move(episode.request));
    answers.push_back(episode.answer);
  }
  const auto scores = scorer.score(requests);
  for (size_t i = 0; i < answers.size(); ++i) accuracy.right += best(scores[i]) == answers[i];
  accuracy.total += std::ssize(answers);
}

bool near_chance(const Accuracy& accuracy, double chance) {
  if (accuracy.total == 0) return true;
  const double error = std::sqrt(chance * (1 - chance) / static_cast<double>(accuracy.total));
  return std::abs(accuracy.value() - chance) <= 2 * error;
}

/// Unit-length rows: names and pictures of concepts, by index into `concepts`.
struct Embeddings {
  at::Tensor names;     ///< [N, E]
  at::Tensor pictures;  ///< [N, E]
};

at::Tensor unit_rows(const at::Tensor& rows, int64_t count, const char* name) {
  expect_shape(rows, {count, kAny}, name);
  const at::Tensor exact = rows.to(at::kFloat);
  return exact / exact.norm(2, {1}, true).clamp_min(1e-12);
}

Embeddings embed_style(const data::PictogramSet& set, Embedder& embedder) {
  std::vector<std::string> names;
  std::vector<data::ViewRef> views;
  for (const int64_t drawing : set.drawings_in(data::PictogramSplit::kStyle)) {
    const int64_t index = set.drawings()[static_cast<size_t>(drawing)].concept_index;
    names.push_back(set.concepts()[static_cast<size_t>(index)].name);
    views.push_back({drawing, 0});
  }
  const auto count = std::ssize(names);
  return {unit_rows(embedder.embed_texts(names), count, "text embeddings"),
          unit_rows(embedder.embed_pictures(views), count, "picture embeddings")};
}

}  // namespace

double Accuracy::error() const {
  return total ? std::sqrt(value() * (1 - value()) / static_cast<double>(total)) : 0;
}

bool TaskResult::controls_at_chance() const {
  return near_chance(removed, chance) && near_chance(exchanged, chance);
}

TaskResult run_task(const EpisodeTask& task, const EvalData& data, Scorer& scorer,
                    const EvalConfig& config, const EvalHooks& hooks) {
  check_config(config);
  const EpisodeSampler sampler(data.set, data.tokens, data.words, task, config.seed);
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
      add_batch(sampler, control, {first, last}, scorer, *accuracy);
      done += last - first;
      if (hooks.progress) hooks.progress(task.name, done, total);
    }
  }
  return result;
}

TaskResult run_encoder_task(const EvalData& data, Embedder& embedder, const EvalConfig& config) {
  check_config(config);
  const EpisodeTask task{.name = kEncoderTask, .goal = 0.88};
  const EpisodeSampler sampler(data.set, data.tokens, data.words, task, config.seed);
  std::map<int64_t, int64_t> row_of;  // by drawing
  for (const int64_t drawing : data.set.drawings_in(data::PictogramSplit::kStyle)) {
    row_of.emplace(drawing, std::ssize(row_of));
  }
  const Embeddings embeddings = embed_style(data.set, embedder);
  const at::Tensor similar = embeddings.pictures.matmul(embeddings.names.t()).contiguous();
  const auto cosine = similar.accessor<float, 2>();  // [picture, name]
  TaskResult result{.name = task.name, .chance = task.chance(), .goal = task.goal};
  const auto answer_with = [&](const EvalEpisode& episode, int64_t picture) {
    std::vector<double> scores;
    for (const int64_t candidate : episode.drawings) {
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

std::vector<EpisodeTask> select_tasks(const std::vector<std::string>& names) {
  const auto all = default_tasks();
  if (names.empty()) return all;
  std::vector<EpisodeTask> chosen;
  for (const std::string& name : names) {
    if (name == kEncoderTask) continue;
    const auto it = std::ranges::find(all, name, &EpisodeTask::name);
    require(it != all.end(), "eval.tasks",
            "expected naming, binding-1, binding-2, names or encoder, got \"{}\"", name);
    chosen.push_back(*it);
  }
  return chosen;
}

}  // namespace flamingo::eval
