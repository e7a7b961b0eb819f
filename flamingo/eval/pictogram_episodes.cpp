#include "flamingo/eval/pictogram_episodes.h"

#include <algorithm>
#include <set>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/data/sampling.h"

namespace flamingo::eval {
namespace {

constexpr const char* kPrefix = "Output:";
/// OpenMoji's drawings, in the order in which shots take them.
constexpr std::array<data::PictogramStyle, 2> kSupportStyles = {data::PictogramStyle::kColour,
                                                                data::PictogramStyle::kOutline};

void check_task(const EpisodeTask& task) {
  if (task.ways < 2) fail("eval." + task.name, "expected at least 2 ways");
  if (task.shots < 0 || task.shots > std::ssize(kSupportStyles))
    fail("eval." + task.name, "expected 0 to 2 shots, got {}", task.shots);
}

}  // namespace

std::vector<EpisodeTask> default_tasks() {
  return {{.name = "naming", .goal = 0.55},
          {.name = "binding-1",
           .ways = 2,
           .shots = 1,
           .split = data::PictogramSplit::kUnseen,
           .made_up = true,
           .goal = 0.78},
          {.name = "binding-2",
           .ways = 2,
           .shots = 2,
           .split = data::PictogramSplit::kUnseen,
           .made_up = true,
           .goal = 0.78},
          {.name = "names", .shots = 1, .split = data::PictogramSplit::kUnseen, .goal = 0.50}};
}

EpisodeSampler::EpisodeSampler(const data::PictogramSet& set, data::SequenceTokens tokens,
                               std::vector<int32_t> words, EpisodeTask task, uint64_t seed)
    : tokens_(std::move(tokens)), words_(std::move(words)), task_(std::move(task)), seed_(seed) {
  check_task(task_);
  std::set<std::string> names;
  for (const int64_t query : set.drawings_in(task_.split)) {
    const data::PictogramDrawing& drawing = set.drawings()[static_cast<size_t>(query)];
    if (drawing.style != data::PictogramStyle::kTwitter) continue;
    const auto& name = set.concepts()[static_cast<size_t>(drawing.concept_index)].name;
    Entry entry{.name = name, .query = query};
    for (int64_t shot = 0; shot < task_.shots; ++shot) {
      const auto style = kSupportStyles[static_cast<size_t>(shot)];
      if (const auto support = set.find_drawing(drawing.concept_index, style)) {
        entry.support.push_back(*support);
      }
    }
    if (std::ssize(entry.support) == task_.shots && names.insert(name).second) {
      entries_.push_back(std::move(entry));
    }
  }
  if (std::ssize(entries_) <= task_.ways)
    fail("eval." + task_.name, "expected more than {} concepts with the drawings needed, got {}",
         task_.ways, entries_.size());
  if (task_.made_up && std::ssize(words_) < task_.ways)
    fail("eval." + task_.name, "expected at least {} words for labels", task_.ways);
}

EpisodeSampler::Plan EpisodeSampler::plan(int64_t index) const {
  Rng rng = Rng::for_name(seed_, task_.name + " " + std::to_string(index));
  const auto ways = static_cast<size_t>(task_.ways);
  Plan plan;
  const auto picked = data::sample_distinct(ways + 1, entries_.size(), rng);
  const auto words = task_.made_up ? data::sample_distinct(ways, words_.size(), rng) : picked;
  for (size_t way = 0; way < ways; ++way) {
    const Entry& entry = entries_[picked[way]];
    plan.entries.push_back(&entry);
    plan.labels.push_back(task_.made_up ? std::vector<int32_t>{words_[words[way]]}
                                        : tokens_.encode(" " + entry.name));
    for (size_t shot = 0; shot < entry.support.size(); ++shot) plan.shots.emplace_back(way, shot);
  }
  shuffle(plan.shots, rng);
  plan.answer = rng.below(ways);
  plan.stand_in = entries_[picked[ways]].query;
  return plan;
}

data::Sequence EpisodeSampler::prompt(const Plan& plan, EvalControl control) const {
  data::SequenceBuilder builder(tokens_);
  for (const auto& [way, shot] : plan.shots) {
    builder.medium({{plan.entries[way]->support[shot], 0}}).text(kPrefix);
    builder.ids(plan.labels[way]).eoc();
  }
  const bool exchanged = control == EvalControl::kExchanged;
  builder.medium({{exchanged ? plan.stand_in : plan.entries[plan.answer]->query, 0}});
  data::Sequence prompt = builder.text(kPrefix).build();
  if (control == EvalControl::kRemoved) {
    const auto query = static_cast<int32_t>(prompt.media.size());
    std::ranges::replace(prompt.phi, query, 0);
    prompt.media.pop_back();
  }
  return prompt;
}

EvalEpisode EpisodeSampler::episode(int64_t index, EvalControl control) const {
  const Plan plan = this->plan(index);
  EvalEpisode episode{.answer = static_cast<int64_t>(plan.answer), .stand_in = plan.stand_in};
  episode.request.prompt = prompt(plan, control);
  for (size_t way = 0; way < plan.entries.size(); ++way) {
    std::vector<int32_t> candidate = plan.labels[way];
    candidate.insert(candidate.end(), tokens_.eoc.begin(), tokens_.eoc.end());
    episode.request.candidates.push_back(std::move(candidate));
    episode.names.push_back(plan.entries[way]->name);
    episode.drawings.push_back(plan.entries[way]->query);
  }
  return episode;
}

}  // namespace flamingo::eval
