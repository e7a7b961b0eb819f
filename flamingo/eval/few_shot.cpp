#include "flamingo/eval/few_shot.h"

#include <algorithm>
#include <set>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/data/sampling.h"

namespace flamingo::eval {
namespace {

constexpr const char* kPrefix = "Output:";
constexpr int64_t kMaxShots = 1024;

/// One of them; nothing is drawn where there is no choice.
int64_t pick(const std::vector<int64_t>& pictures, Rng& rng) {
  return pictures.size() == 1 ? pictures.front() : pictures[rng.below(pictures.size())];
}

/// Pictures of a class in a style, of any split.
std::vector<int64_t> pictures_in_style(const pictures::LabelledPictures& set, int64_t class_index,
                                       const std::string& style) {
  std::vector<int64_t> found;
  for (const int64_t i : set.pictures_of(class_index)) {
    if (set.picture(i).style == style) found.push_back(i);
  }
  return found;
}

}  // namespace

void FewShotTask::validate() const {
  require(!name.empty(), "tasks", "expected a name for each task, got none");
  const std::string where = "tasks." + name;
  require_within(where, "ways", ways, 2, 1 << 16);
  require_within(where, "shots", shots, 0, kMaxShots);
  require(shot_styles.empty() || std::ssize(shot_styles) >= class_shots(), where,
          "expected a style for each of {} shots, got {}", class_shots(), shot_styles.size());
  require(!open || !made_up, where, "expected made_up false where answers are written, got true");
  require_within(where, "goal", goal, 0, 1);
}

std::vector<FewShotTask> default_tasks() {
  const FewShotTask drawings{.query_style = "twitter",
                             .shot_styles = {"openmoji", "openmoji-black"}};
  FewShotTask naming = drawings, binding = drawings, names = drawings;
  naming.name = "naming";
  naming.split = "style";
  naming.goal = 0.55;
  binding.name = "binding-1";
  binding.ways = 2;
  binding.shots = 1;
  binding.split = "unseen";
  binding.made_up = true;
  binding.goal = 0.78;
  FewShotTask more = binding;
  more.name = "binding-2";
  more.shots = 2;
  names.name = "names";
  names.shots = 1;
  names.split = "unseen";
  names.goal = 0.50;
  return {naming, binding, more, names};
}

FewShotSampler::FewShotSampler(const pictures::LabelledPictures& set, data::SequenceTokens tokens,
                               std::vector<int32_t> words, FewShotTask task, uint64_t seed)
    : tokens_(std::move(tokens)), words_(std::move(words)), task_(std::move(task)), seed_(seed) {
  entries_ = entries_of(set, task_);
  require(!task_.made_up || std::ssize(words_) >= task_.ways, "tasks." + task_.name,
          "expected at least {} words for labels, got {}", task_.ways, words_.size());
}

std::vector<FewShotSampler::Entry> FewShotSampler::entries_of(const pictures::LabelledPictures& set,
                                                              const FewShotTask& task) {
  task.validate();
  const std::vector<std::string> styles =
      task.query_style.empty() ? std::vector<std::string>{} : std::vector{task.query_style};
  std::set<std::string> names;
  std::vector<Entry> entries;
  for (const int64_t index : set.classes_in(task.split)) {
    if (!task.class_split.empty() && set.pictures_of(index, task.class_split).empty()) continue;
    Entry entry{.name = set.classes()[static_cast<size_t>(index)].name,
                .queries = set.pictures_of(index, task.split, styles),
                .shots = shots_of(set, index, task)};
    if (entry.queries.empty() || std::ssize(entry.shots) < task.class_shots()) continue;
    if (names.insert(entry.name).second) entries.push_back(std::move(entry));
  }
  require(std::ssize(entries) > task.classes(), "tasks." + task.name,
          "expected more than {} classes with the pictures needed in split \"{}\", got {} "
          "(pictures: {})",
          task.classes(), task.split, entries.size(), set.splits_text(),
          Hint{"one class more than those shown gives the pictures of the control"});
  return entries;
}

std::vector<std::vector<int64_t>> FewShotSampler::shots_of(const pictures::LabelledPictures& set,
                                                           int64_t class_index,
                                                           const FewShotTask& task) {
  std::vector<std::vector<int64_t>> shots;
  if (task.shot_styles.empty()) {
    const auto all = set.pictures_of(class_index, task.split);
    // Where a class is asked about and shown, its query is another picture than its shots.
    if (std::ssize(all) >= task.class_shots() + (task.open ? 0 : 1))
      shots.assign(static_cast<size_t>(task.class_shots()), all);
    return shots;
  }
  for (int64_t s = 0; s < task.class_shots(); ++s) {
    const std::string& style = task.shot_styles[static_cast<size_t>(s)];
    auto found = pictures_in_style(set, class_index, style);
    const bool asked = !task.open && (task.query_style.empty() || task.query_style == style);
    const auto taken = std::count(task.shot_styles.begin(), task.shot_styles.begin() + s, style);
    if (std::ssize(found) <= taken + (asked ? 1 : 0)) return {};
    shots.push_back(std::move(found));
  }
  return shots;
}

FewShotSampler::Candidate FewShotSampler::candidate(const Entry& entry, Rng& rng) const {
  Candidate candidate{.entry = &entry, .query = pick(entry.queries, rng)};
  for (std::vector<int64_t> from : entry.shots) {
    std::erase_if(from, [&](int64_t picture) {
      return (picture == candidate.query && !task_.open) ||
             std::ranges::count(candidate.shots, picture) > 0;
    });
    candidate.shots.push_back(pick(from, rng));
  }
  return candidate;
}

FewShotSampler::Plan FewShotSampler::plan(int64_t index) const {
  Rng rng = Rng::for_name(seed_, task_.name + " " + std::to_string(index));
  const auto ways = static_cast<size_t>(task_.classes());
  Plan plan;
  const auto picked = data::sample_distinct(ways + 1, entries_.size(), rng);
  const auto words = task_.made_up ? data::sample_distinct(ways, words_.size(), rng) : picked;
  for (size_t way = 0; way < ways; ++way) {
    const Entry& entry = entries_[picked[way]];
    plan.candidates.push_back(candidate(entry, rng));
    plan.candidates.back().label =
        task_.made_up ? std::vector<int32_t>{words_[words[way]]} : tokens_.encode(" " + entry.name);
    if (task_.open && way == 0) continue;  // whose name the shots must not tell
    for (size_t shot = 0; shot < entry.shots.size(); ++shot) plan.shots.emplace_back(way, shot);
  }
  shuffle(plan.shots, rng);
  plan.answer = task_.open ? 0 : rng.below(ways);
  plan.stand_in = pick(entries_[picked[ways]].queries, rng);
  return plan;
}

data::Sequence FewShotSampler::prompt(const Plan& plan, EvalControl control) const {
  data::SequenceBuilder builder(tokens_);
  for (const auto& [way, shot] : plan.shots) {
    const Candidate& candidate = plan.candidates[way];
    builder.media_item({{candidate.shots[shot], 0}}).text(kPrefix).ids(candidate.label).eoc();
  }
  const bool exchanged = control == EvalControl::kExchanged;
  builder.media_item({{exchanged ? plan.stand_in : plan.candidates[plan.answer].query, 0}});
  data::Sequence prompt = builder.text(kPrefix).build();
  if (control == EvalControl::kRemoved) {
    const auto query = static_cast<int32_t>(prompt.media.size());
    std::ranges::replace(prompt.phi, query, 0);
    prompt.media.pop_back();
  }
  return prompt;
}

std::vector<int64_t> FewShotSampler::pictures() const {
  std::set<int64_t> all;
  for (const Entry& entry : entries_) {
    all.insert(entry.queries.begin(), entry.queries.end());
    for (const auto& from : entry.shots) all.insert(from.begin(), from.end());
  }
  return {all.begin(), all.end()};
}

EvalEpisode FewShotSampler::episode(int64_t index, EvalControl control) const {
  const Plan plan = this->plan(index);
  EvalEpisode episode{.answer = static_cast<int64_t>(plan.answer), .stand_in = plan.stand_in};
  episode.request.prompt = prompt(plan, control);
  for (const Candidate& candidate : plan.candidates) {
    std::vector<int32_t> ids = candidate.label;
    ids.insert(ids.end(), tokens_.eoc.begin(), tokens_.eoc.end());
    episode.request.candidates.push_back(std::move(ids));
    episode.names.push_back(candidate.entry->name);
    episode.queries.push_back(candidate.query);
    episode.shots.push_back(candidate.shots);
  }
  return episode;
}

}  // namespace flamingo::eval
